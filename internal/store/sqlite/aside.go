package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A file found damaged gets a note beside it: its pages are found one by one, and the next process must not
// begin by trusting it. That process keeps the file aside, for what can be recovered, and begins a new one.
const (
	noteSuffix  = ".damaged"
	asideSuffix = ".damaged-"
	asideLayout = "20060102T150405Z"
)

// noteDamage leaves a note, if it can: without one the damage is found again.
func noteDamage(path string, damage error) {
	_ = os.WriteFile(path+noteSuffix, []byte(damage.Error()+"\n"), 0o600)
}

// keepDamagedAside keeps a file aside that an earlier process found damaged.
func keepDamagedAside(path string) error {
	_, err := os.Stat(path + noteSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("SQLite store: %w", err)
	}
	return keepAside(path)
}

// keepAside renames a damaged file, with its write-ahead log, which may hold what was committed last, and
// creates an empty one in its place.
func keepAside(path string) error {
	aside := path + asideSuffix + time.Now().UTC().Format(asideLayout)
	for _, suffix := range []string{"", "-wal"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("SQLite store: keep the damaged file aside: %w; do it by hand: mv %s %s", err, path, aside)
		}
	}
	_ = os.Remove(path + "-shm")
	if err := createFile(path); err != nil {
		return err
	}
	if err := os.Remove(path + noteSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("SQLite store: %w", err)
	}
	return nil
}

// keptAside lists the files kept aside, oldest first.
func keptAside(path string) []string {
	files, _ := filepath.Glob(escapeGlob(path) + asideSuffix + "*Z")
	slices.Sort(files)
	return files
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// isDatabase reports whether a file begins as SQLite databases do. Another file is none of ours.
func isDatabase(path string) bool {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	begin := make([]byte, 16)
	_, err = f.Read(begin)
	return err == nil && bytes.Equal(begin, []byte("SQLite format 3\x00"))
}
