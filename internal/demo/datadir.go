package demo

import (
	"fmt"
	"os"
	"path/filepath"
)

// dataDir is where the collector's data and every process's log go.
type dataDir struct {
	path      string
	temporary bool
}

// openDataDir makes a temporary directory, or takes the one asked for if it holds nothing yet.
func openDataDir(asked string) (dataDir, error) {
	if asked == "" {
		path, err := os.MkdirTemp("", "prodsentinel-demo-")
		if err != nil {
			return dataDir{}, fmt.Errorf("cannot write to the temporary directory (set TMPDIR or --data-dir): %w", err)
		}
		return dataDir{path: path, temporary: true}, nil
	}
	if err := os.MkdirAll(asked, 0o700); err != nil {
		return dataDir{}, fmt.Errorf("cannot make the directory given by --data-dir: %w", err)
	}
	entries, err := os.ReadDir(asked)
	if err != nil {
		return dataDir{}, fmt.Errorf("cannot read the directory given by --data-dir: %w", err)
	}
	if len(entries) > 0 {
		return dataDir{}, fmt.Errorf("%s holds data already (%s): old incidents would mix with the demo's; "+
			"remove it or choose an empty directory with --data-dir", asked, entries[0].Name())
	}
	probe, err := os.CreateTemp(asked, "probe-")
	if err != nil {
		return dataDir{}, fmt.Errorf("cannot write to the directory given by --data-dir: %w", err)
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return dataDir{}, fmt.Errorf("cannot write to the directory given by --data-dir: %w", err)
	}
	return dataDir{path: asked}, nil
}

// log is the path of a process's log.
func (d dataDir) log(process string) string { return filepath.Join(d.path, process+".log") }

// remove deletes a temporary directory; one that the user asked for stays.
func (d dataDir) remove() error {
	if !d.temporary {
		return nil
	}
	return os.RemoveAll(d.path)
}
