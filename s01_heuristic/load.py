from shared.world import World, load_world

__all__ = ["World", "load_world"]
