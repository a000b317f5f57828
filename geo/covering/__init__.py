"""An index of cells over many areas: built once, kept on disk, mapped by every process."""
