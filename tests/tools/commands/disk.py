"""A disk that loses its power: what record_disk.c wrote down, done again call by call on a model of a folder that
knows what was flushed and what was not."""

import os
import pathlib
import stat

LOSSES = ("nothing", "bytes", "bytes and names")  # that were not flushed
FOLDER = ()  # in a listing


class File:
    def __init__(self, content=b"", mode=0o644):
        self.content = self.flushed = content
        self.mode = mode


class Link:
    def __init__(self, target):
        self.target = target


class Folder:
    def __init__(self):
        self.entries, self.flushed = {}, {}

    @classmethod
    def read(cls, path):
        """As it is on this machine, all of it flushed."""
        folder = cls()
        for entry in os.scandir(path):
            if entry.is_symlink():
                folder.entries[entry.name] = Link(os.readlink(entry))
            elif entry.is_dir():
                folder.entries[entry.name] = cls.read(entry)
            else:
                content = pathlib.Path(entry).read_bytes()
                folder.entries[entry.name] = File(content, stat.S_IMODE(entry.stat().st_mode))
        folder.flushed = dict(folder.entries)
        return folder

    def listing(self, lost="nothing"):
        """What is in it after a power cut that loses this: {path: (content, mode), a link's target or FOLDER}."""
        found = {}
        for name, node in (self.flushed if "names" in lost else self.entries).items():
            if isinstance(node, Folder):
                found[name] = FOLDER
                found.update((f"{name}/{path}", inner) for path, inner in node.listing(lost).items())
            elif isinstance(node, Link):
                found[name] = node.target
            else:
                found[name] = (node.content if lost == "nothing" else node.flushed, node.mode)
        return found


def write_listing(listing, path):
    """The opposite of Folder.read(path).listing()."""
    path.mkdir()
    for name, node in sorted(listing.items()):
        if node == FOLDER:
            (path / name).mkdir()
        elif isinstance(node, str):
            (path / name).symlink_to(node)
        else:
            (path / name).write_bytes(node[0])
            (path / name).chmod(node[1])


class Disk:
    """A folder, in which the calls of a record are done again. What happens elsewhere is left out."""

    def __init__(self, path):
        self.path = str(path)
        self.root = Folder.read(path)
        self.open = {}  # by descriptor: a folder, or a file
        self.places = {}  # by descriptor of a file: where it is written next; None: at the end

    def replay(self, record):
        """Does the calls one by one, each write in two halves; yields the name of each that changed or flushed
        something."""
        for line in record.read_text().splitlines():
            name, *fields = line.split("\t")
            steps = [fields]
            if name == "write" and len(fields[1]) > 2:
                middle = len(fields[1]) // 4 * 2
                steps = [[fields[0], fields[1][:middle]], [fields[0], fields[1][middle:]]]
            for step in steps:
                if getattr(self, "do_" + name)(*step):
                    yield name

    def place(self, path, descriptor=None):
        """The folder that the path is in, and its name there; None if it is elsewhere."""
        node = self.root
        if descriptor in self.open:
            node = self.open[descriptor]
        else:
            path = os.path.normpath(os.path.join(self.path, path))
            if not (path + "/").startswith(self.path + "/"):
                return None, None
            path = os.path.relpath(path, self.path)
        *folders, name = path.split("/")
        for part in folders:
            node = node.entries[part]
        return node, name

    # Each returns whether anything was changed or flushed.

    def do_open(self, descriptor, folder, path, flags, mode):
        self.do_close(descriptor)
        folder, name = self.place(path, folder)
        if folder is None:
            return False
        node = folder if name == "." else folder.entries.get(name)
        changed = False
        if node is None:
            node = folder.entries[name] = File(mode=int(mode, 8))
            node.flushed = b""
            changed = True
        elif int(flags) & os.O_TRUNC:
            node.content = node.flushed = b""  # the new length may be on the disk at once
            changed = True
        self.open[descriptor] = node
        self.places[descriptor] = None if int(flags) & os.O_APPEND else 0
        return changed

    def do_close(self, descriptor):
        self.open.pop(descriptor, None)
        return False

    def do_write(self, descriptor, digits):
        file = self.open.get(descriptor)
        if not isinstance(file, File):
            return False
        bytes_, place = bytes.fromhex(digits), self.places[descriptor]
        start = len(file.content) if place is None else place
        file.content = file.content[:start].ljust(start, b"\0") + bytes_ + file.content[start + len(bytes_):]
        if place is not None:
            self.places[descriptor] = start + len(bytes_)
        return True

    def do_ftruncate(self, descriptor, size):
        file = self.open.get(descriptor)
        if file is not None:
            file.content = file.flushed = file.content[:int(size)].ljust(int(size), b"\0")
        return file is not None

    def do_fsync(self, descriptor):
        node = self.open.get(descriptor)
        if isinstance(node, Folder):
            node.flushed = dict(node.entries)
        elif node is not None:
            node.flushed = node.content
        return node is not None

    def do_fchmod(self, descriptor, mode):
        if descriptor in self.open:
            self.open[descriptor].mode = int(mode, 8)
        return descriptor in self.open

    def do_rename(self, old, new):
        (old_folder, old_name), (new_folder, new_name) = self.place(old), self.place(new)
        if old_folder is None:
            return False
        new_folder.entries[new_name] = old_folder.entries.pop(old_name)
        return True

    def do_link(self, old, new):
        (old_folder, old_name), (new_folder, new_name) = self.place(old), self.place(new)
        if old_folder is None:
            return False
        new_folder.entries[new_name] = old_folder.entries[old_name]
        return True

    def do_unlink(self, folder, path):
        folder, name = self.place(path, folder)
        if folder is None:
            return False
        del folder.entries[name]
        return True

    def do_mkdir(self, path, mode):
        folder, name = self.place(path)
        if folder is None:
            return False
        folder.entries[name] = Folder()
        return True
