"""The overview: a page that composes what other rooms know."""
