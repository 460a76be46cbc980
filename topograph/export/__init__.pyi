# A format is loaded on first use: pages bring all figures along.
from .comparison_layout import mask_titles as mask_titles
from .csv_format import comparison_to_csv as comparison_to_csv
from .csv_format import reports_to_csv as reports_to_csv
from .csv_format import to_csv as to_csv
from .html_comparison import comparison_to_html as comparison_to_html
from .html_report import to_html as to_html
from .json_format import comparison_to_json as comparison_to_json
from .json_format import to_json as to_json
from .json_format import to_json_line as to_json_line
from .markdown_format import comparison_to_markdown as comparison_to_markdown
from .markdown_format import to_markdown as to_markdown
from .table_format import comparison_to_table as comparison_to_table
from .table_format import registry_to_table as registry_to_table
from .table_format import to_table as to_table
from .table_format import verdicts_to_table as verdicts_to_table
