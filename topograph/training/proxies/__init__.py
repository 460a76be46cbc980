"""Numbers on a net at initialisation that are said to tell how well it will train."""

from topograph.training.proxies.chain_probe import ChainProbe
from topograph.training.proxies.collecting import PROXIES, ProxyValues, proxies, proxies_of
from topograph.training.proxies.gradients import (
    gradient_balance,
    gradient_flow,
    gradient_norm,
    layer_gradient_norms,
)
from topograph.training.proxies.jacobian import (
    input_output_jacobians,
    jacobian_condition_number,
    jacobian_rank,
    jacobian_singular_value_mean,
)
from topograph.training.proxies.kernel import (
    neural_tangent_kernel,
    ntk_condition_number,
    ntk_effective_rank,
    ntk_trace,
)
from topograph.training.proxies.module_probe import ModuleProbe
from topograph.training.proxies.probing import Probe
from topograph.training.proxies.synaptic_flow import synflow_total

__all__ = [
    "PROXIES",
    "ChainProbe",
    "ModuleProbe",
    "Probe",
    "ProxyValues",
    "gradient_balance",
    "gradient_flow",
    "gradient_norm",
    "input_output_jacobians",
    "jacobian_condition_number",
    "jacobian_rank",
    "jacobian_singular_value_mean",
    "layer_gradient_norms",
    "neural_tangent_kernel",
    "ntk_condition_number",
    "ntk_effective_rank",
    "ntk_trace",
    "proxies",
    "proxies_of",
    "synflow_total",
]
