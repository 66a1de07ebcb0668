"""What the fixture of one library needs, a module for each: ``MAKERS``, ``prepare(place)``, ``APPS`` (`tests.real.receivers`)."""
