package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// suite is a folder of labelled cases: split folders with a folder a case, and fault-free telemetry below baseline.
type suite struct {
	name, dir string
	cases     []*suiteCase
	faults    []signal.Nanos // when those of all its cases began, also of cases that were not asked for
}

// suiteCase is a case of a suite: what an engine may know of it.
type suiteCase struct {
	name, dir string
	suite     string
	System    string      `json:"system"`
	Baseline  string      `json:"baseline"`
	Window    *caseWindow `json:"window"`
	Alert     *caseAlert  `json:"alert"`
	Telemetry struct {
		// PreContaminated is set where what came just before was recorded during another fault.
		PreContaminated bool `json:"pre_contaminated_by_previous_fault"`
	} `json:"telemetry"`

	load func() (caseRecords, error)
}

// caseWindow is when a fault was, as far as that is known.
type caseWindow struct {
	Start nanos `json:"start_unix_nano"`
	End   nanos `json:"end_unix_nano"`
}

// caseAlert is who alerted and when.
type caseAlert struct {
	Service string    `json:"service"`
	FiredAt time.Time `json:"fired_at"`
}

// nanos is a time as OTLP/JSON writes it.
type nanos signal.Nanos

// UnmarshalJSON reads a number or the text of one.
func (n *nanos) UnmarshalJSON(b []byte) error {
	text := string(b)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	v, err := strconv.ParseUint(text, 10, 64)
	*n = nanos(v)
	return err
}

// caseRecords is the telemetry of a case: of its folder, and the fault-free one of the same system.
type caseRecords struct {
	own, before records
	changes     []incident.Change
}

// openSuite finds the cases of a suite whose names match the pattern of filepath.Match.
func openSuite(dir, pattern string) (*suite, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "case.json"))
	if err != nil {
		return nil, err
	}
	s := &suite{name: filepath.Base(filepath.Clean(dir)), dir: dir}
	baselines := map[string]func() (records, error){}
	for _, f := range files {
		c := &suiteCase{dir: filepath.Dir(f), suite: s.name}
		c.name = filepath.Base(c.dir)
		matched, err := filepath.Match(pattern, c.name)
		if err != nil {
			return nil, err
		}
		if err := readJSON(f, c); err != nil {
			return nil, err
		}
		if c.Window == nil && c.Alert == nil {
			return nil, fmt.Errorf("%s: neither a window nor an alert", f)
		}
		s.faults = append(s.faults, c.told().From)
		if !matched {
			continue
		}
		if c.Baseline != "" && baselines[c.Baseline] == nil {
			folder := filepath.Join(dir, "baseline", c.Baseline)
			baselines[c.Baseline] = sync.OnceValues(func() (records, error) { return loadRecords(folder, "") })
		}
		baseline := baselines[c.Baseline]
		c.load = sync.OnceValues(func() (caseRecords, error) { return c.read(baseline) })
		s.cases = append(s.cases, c)
	}
	if len(s.cases) == 0 {
		return nil, fmt.Errorf("%s is no suite: no folder of a folder of it that matches %q has a case.json", dir, pattern)
	}
	// Cases that share a baseline come one after another, so that it is in memory for as short as can be.
	slices.SortStableFunc(s.cases, func(a, b *suiteCase) int {
		return slices.Compare([]string{a.Baseline, a.name}, []string{b.Baseline, b.name})
	})
	return s, nil
}

// read reads all telemetry of the case.
func (c *suiteCase) read(baseline func() (records, error)) (r caseRecords, err error) {
	if baseline != nil {
		if r.before, err = baseline(); err != nil {
			return r, err
		}
	}
	r.before = records{slices.Clone(r.before.spans), slices.Clone(r.before.logs), slices.Clone(r.before.points)}
	if !c.Telemetry.PreContaminated {
		pre, err := loadRecords(c.dir, "pre_")
		if err != nil {
			return r, err
		}
		r.before.add(pre)
	}
	if r.own, err = loadRecords(c.dir, ""); err != nil {
		return r, err
	}
	r.changes, err = readChanges(filepath.Join(c.dir, "changes.json"))
	return r, err
}

// readChanges reads the changes of a case; without the file there are none.
func readChanges(name string) (changes []incident.Change, err error) {
	var list []struct {
		ID      string    `json:"id"`
		Kind    string    `json:"kind"`
		Time    time.Time `json:"time"`
		Service string    `json:"service"`
		Title   string    `json:"title"`
		Version string    `json:"version"`
	}
	if err := readJSON(name, &list); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	for _, c := range list {
		changes = append(changes, incident.Change{ID: c.ID, Kind: c.Kind, Time: signal.NanosOf(c.Time), Service: c.Service, Title: c.Title, Version: c.Version})
	}
	return changes, nil
}

func readJSON(name string, into any) error {
	content, err := os.ReadFile(name) //nolint:gosec // the user names the suite
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
