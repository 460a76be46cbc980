from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.study.design.made_topologies import NOWHERE, built
from tests.study.small_studies import study
from topograph.digest import mask_digest
from topograph.generators.continuous_family import sobol_dials
from topograph.study.design.building import build, net_of
from topograph.study.design.topologies import topologies_of

SHOW = """
    import sys
    from pathlib import Path
    from topograph.digest import mask_digest
    from topograph.study.design import read_study
    from topograph.study.design.building import build
    from topograph.study.design.topologies import topologies_of
    for one in topologies_of(read_study(sys.argv[1])):
        print(one.name, mask_digest(build(one, Path())))
"""
FILE = """
relabellings = 1
[[regimes]]
name = "square"
widths = [64, 64, 64, 10]
densities = [0.0625]
[[topologies]]
family = "continuous"
count = 3
[[topologies]]
family = "uniform"
degree_twins = 1
repaired = true
[[topologies]]
name = "RadiX"
family = "radix"
options = { systems = [[4, 4, 4]] }
"""


def test_a_fresh_process_builds_the_same_nets(tmp_path):
    from topograph.study.design import read_study

    file = tmp_path / "study.toml"
    file.write_text(FILE)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHOW), str(file)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), PYTHONHASHSEED="7"),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = dict(line.split() for line in done.stdout.splitlines())
    found = list(topologies_of(read_study(file)))
    assert len(theirs) == len(found) == 16
    assert theirs == {one.name: mask_digest(build(one, NOWHERE)) for one in found}
    again = {one.name: mask_digest(build(one, Path("elsewhere"))) for one in found}
    assert theirs == again


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5))
def test_dials_do_not_depend_on_how_many_there_are(few, many, seed):
    few, many = sorted((few, many))
    short, long = list(sobol_dials(few, seed)), list(sobol_dials(many, seed))
    assert long[:few] == short


def test_more_topologies_leave_the_earlier_ones():
    for family in ("continuous", "uniform"):
        few, many = (
            [one.name for one in topologies_of(study(topologies=[{"family": family, "count": n}]))]
            for n in (3, 7)
        )
        assert many[:3] == few


def test_a_making_that_went_through_json_gives_the_same_net():
    for one, graph in built(topologies=[{"family": "continuous", "degree_twins": 1}]):
        again = net_of(json.loads(json.dumps(one.making)), Path("other"))
        assert mask_digest(again) == mask_digest(graph)
