"""`warmline status`: the state of the installation on one screen."""
