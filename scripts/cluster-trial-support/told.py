"""The list of stories, in the order in which they are told."""

STORIES = []


class Story:
    """What happens to a plan, in a function of a pair and the switches, and how long it may take."""

    def __init__(self, perform, seconds, is_quick):
        self.perform = perform
        self.name = perform.__name__
        self.title = " ".join(perform.__doc__.split())
        self.seconds = seconds
        self.is_quick = is_quick


def story(seconds=180, is_quick=False):
    """Makes a function a story."""
    def add(perform):
        STORIES.append(Story(perform, seconds, is_quick))
        return perform
    return add


def all_stories():
    """All of them; the modules that hold them add them."""
    import stories  # noqa: F401 # pylint: disable=import-outside-toplevel,unused-import
    import ends  # noqa: F401 # pylint: disable=import-outside-toplevel,unused-import
    import jobs  # noqa: F401 # pylint: disable=import-outside-toplevel,unused-import
    import hazards  # noqa: F401 # pylint: disable=import-outside-toplevel,unused-import
    import refusals  # noqa: F401 # pylint: disable=import-outside-toplevel,unused-import
    return STORIES
