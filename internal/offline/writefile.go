package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile writes a file readable by its owner only, whole or not at all. What is no regular file, such as a
// device or a named pipe, stays what it is and is written to; a link leads to what is written.
func writeFile(name string, from io.Reader) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular(), err != nil && isLink(name):
		err = writeThrough(name, from)
	default:
		err = replace(name, from)
	}
	// The user knows the path that he gave, and not that of a temporary file.
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot write to %s: %w; -f names another file", name, path.Err)
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("cannot write to %s: %w; -f names another file", name, link.Err)
	}
	return err
}

func isLink(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// writeThrough writes to what there is at a path, or to the missing end of a link.
func writeThrough(name string, from io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// replace makes a regular file, or puts a new one in the place of the one that there is.
func replace(name string, from io.Reader) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".export-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
