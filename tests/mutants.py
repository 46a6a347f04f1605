"""For `make mutants` alone: mutmut 3.7 reads a name that pytest 9.2 has given up."""

import pytest

pytest.Item._nodeid = property(lambda item: item.nodeid)
