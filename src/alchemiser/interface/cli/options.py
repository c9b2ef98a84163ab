"""
Options that several commands share.
"""

import click

profile_option = click.option(
    "--profile",
    default="demo",
    show_default=True,
    help="Which world to work in: demo, test, or the path of a profile file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
