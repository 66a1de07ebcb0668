"""Django: settings (`settings`) and the views that URLconfs reach (`urls`)."""
