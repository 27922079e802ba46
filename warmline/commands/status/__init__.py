"""`warmline status`: how the installation is, at a glance."""
