"""What needs code rather than catalog data: reading settings, URLconfs and versions. One folder per framework.

Everything here reads facts; nothing is imported or executed. What names mean it asks through `resolver.Resolver`."""
