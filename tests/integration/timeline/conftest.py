"""The small data set of the flow tests, for the tests of the timeline's HTTP interface, too."""

from tests.flow.conftest import client as client
from tests.flow.conftest import copied_database as copied_database
from tests.flow.conftest import deployment as deployment
from tests.flow.conftest import fragile_deployment as fragile_deployment
from tests.flow.conftest import migrated_template as migrated_template
from tests.flow.conftest import ranked_deployment as ranked_deployment
from tests.flow.conftest import ranked_template as ranked_template
from tests.flow.conftest import second_valkey as second_valkey
from tests.flow.conftest import shared_deployment as shared_deployment
