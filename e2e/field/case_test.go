package field

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fieldCase is a folder with the telemetry of one situation.
type fieldCase struct {
	name     string // suite/folder
	expected expectation
	requests []request // in the order of sending
	newest   time.Time
}

// request is what one sender sends at once.
type request struct {
	payload any       // ptrace.Traces, plog.Logs or pmetric.Metrics
	newest  time.Time // event time of its newest signal
}

// expectation is what an expert concludes, "expected" in case.json.
type expectation struct {
	Incidents bounds        `json:"incidents"`
	Roots     []root        `json:"roots"`
	Traces    []traceWanted `json:"traces"`
	// Services has how many incidents each of them has.
	Services map[string]int `json:"services"`
	// Mention lists words that the reports must have between them, Never those that no report may have.
	Mention []string `json:"mention"`
	Never   []string `json:"never"`
}

// root is an incident that must be there, or may be if it is optional.
type root struct {
	Service   anyOf `json:"service"`
	Component anyOf `json:"component"`
	Kind      anyOf `json:"kind"`
	Category  anyOf `json:"category"`
	Severity  anyOf `json:"severity"`
	Trigger   anyOf `json:"trigger"`
	// Mention and Never list words of the title and statement.
	Mention    []anyOf     `json:"mention"`
	Never      []string    `json:"never"`
	Confidence *[2]float64 `json:"confidence"`
	// Abstained is set if an abstained verdict is right too, provided that its first candidate fits.
	Abstained bool `json:"abstained"`
	Optional  bool `json:"optional"`
}

// traceWanted is the verdict on one trace of a case that has many.
type traceWanted struct {
	Trace     string `json:"trace"`
	Component anyOf  `json:"component"`
	Category  anyOf  `json:"category"`
	Message   string `json:"message"`
	// Service, System, Exception and Source describe the trace to the reader of case.json.
	Service   string `json:"service"`
	System    string `json:"system"`
	Exception string `json:"exception"`
	Source    string `json:"source"` // the page or repository of whoever writes the words
}

// anyOf is a list of texts of which one must hold; "*" matches any text. nil demands nothing.
type anyOf []string

func (a *anyOf) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = anyOf{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// bounds is a number, or the least and the greatest one where opinions differ.
type bounds struct{ least, most int }

func (n *bounds) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &n.least) == nil {
		n.most = n.least
		return nil
	}
	return json.Unmarshal(b, &[2]*int{&n.least, &n.most})
}

// findCases lists the case folders of a folder, or the folder itself if it is one.
func findCases(dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, "case.json")); err == nil {
		return []string{dir}, nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "case.json"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no case.json below %s", dir)
	}
	for i, f := range files {
		files[i] = filepath.Dir(f)
	}
	return files, err
}

// loadCase reads a case folder.
func loadCase(dir string) (fieldCase, error) {
	c := fieldCase{name: filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)}
	content, err := os.ReadFile(filepath.Join(dir, "case.json"))
	if err != nil {
		return c, err
	}
	var file struct {
		Expected expectation     `json:"expected"`
		Source   json.RawMessage `json:"source"`
		Note     json.RawMessage `json:"note"`
		Client   json.RawMessage `json:"client"`
		Broken   json.RawMessage `json:"broken"`
		Recorded json.RawMessage `json:"recorded"`
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields() // a misspelt demand would be none
	if err := d.Decode(&file); err != nil {
		return c, fmt.Errorf("%s/case.json: %w", dir, err)
	}
	c.expected = file.Expected
	return c, c.loadRequests(dir)
}

// loadRequests reads the requests of each signal and interleaves them.
func (c *fieldCase) loadRequests(dir string) error {
	var streams [][]request
	for _, signal := range []struct {
		file   string
		decode func([]byte) (any, error)
	}{
		{"traces", func(b []byte) (any, error) { return (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(b) }},
		{"logs", func(b []byte) (any, error) { return (&plog.JSONUnmarshaler{}).UnmarshalLogs(b) }},
		{"metrics", func(b []byte) (any, error) { return (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(b) }},
	} {
		lines, err := readLines(filepath.Join(dir, signal.file+".jsonl"))
		if err != nil {
			return err
		}
		var requests []request
		for _, line := range lines {
			payload, err := signal.decode(line)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", dir, signal.file, err)
			}
			requests = append(requests, request{payload, newestTime(line)})
			c.newest = laterOf(c.newest, newestTime(line))
		}
		streams = append(streams, requests)
	}
	for i := 0; ; i++ {
		before := len(c.requests)
		for _, s := range streams {
			if i < len(s) {
				c.requests = append(c.requests, s[i])
			}
		}
		if len(c.requests) == before {
			return nil
		}
	}
}

// readLines reads the lines of a file, or of its compressed form; none if there is neither.
func readLines(path string) ([][]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = readCompressed(path + ".gz")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(content, []byte("\n"))
	return slices.DeleteFunc(lines, func(l []byte) bool { return len(bytes.TrimSpace(l)) == 0 }), nil
}

func readCompressed(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err == nil {
		content, err = io.ReadAll(r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

var eventTimes = regexp.MustCompile(`"(?:startTimeUnixNano|endTimeUnixNano|timeUnixNano|observedTimeUnixNano)"\s*:\s*"?(\d+)`)

// newestTime is the latest event time in an OTLP/JSON request.
func newestTime(request []byte) time.Time {
	var newest int64
	for _, m := range eventTimes.FindAllSubmatch(request, -1) {
		if n, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return time.Unix(0, newest)
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
