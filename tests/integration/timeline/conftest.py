"""The flow tests' small world, for the tests of the timeline's borders too."""

from tests.flow.conftest import client as client
from tests.flow.conftest import copied_database as copied_database
from tests.flow.conftest import fragile_house as fragile_house
from tests.flow.conftest import house as house
from tests.flow.conftest import migrated_template as migrated_template
from tests.flow.conftest import ranked_house as ranked_house
from tests.flow.conftest import second_valkey as second_valkey
from tests.flow.conftest import standing_house as standing_house
