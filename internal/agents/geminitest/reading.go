package geminitest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// record is a record as a prompt shows it.
type record struct {
	ref    string
	fields map[string]string // those that are not indented
}

// reading is what a script finds in the text of a request.
type reading struct {
	records []*record
	byRef   map[string]*record
	calls   []call // between services, from the topologies
	traces  []string
	verdict []string // references of the rules' verdict
}

type call struct{ caller, callee, evidence string }

var (
	topologyTitle = regexp.MustCompile(`^trace ([0-9a-f]{32}), \d+ spans.*A span is cited as span:`)
	topologyLine  = regexp.MustCompile(`^( *)([0-9a-f]{16}) (?:-?[\d.µmnsh]+ took .*? \| \w+(?: \w+)? \| (.*?) \| |was not received \| service (.*))`)
	verdictLine   = regexp.MustCompile(`^verdict of the rules: .*\[(.*)\]$`)
	failingTrace  = regexp.MustCompile(`^  failing trace ([0-9a-f]{32}):`)
)

// read finds records, calls and the verdict in the text of a prompt and of functions' answers.
func read(text string) *reading {
	r := &reading{byRef: map[string]*record{}}
	var now *record
	var trace string
	var path []string // services from the root of the topology down
	for l := range strings.SplitSeq(text, "\n") {
		if ref, ok := strings.CutPrefix(l, "record: "); ok {
			now, trace = r.begin(ref), ""
			continue
		}
		if m := topologyTitle.FindStringSubmatch(l); m != nil {
			now, trace, path = nil, m[1], nil
			continue
		}
		if m := topologyLine.FindStringSubmatch(l); m != nil && trace != "" {
			path = r.step(path, trace, m)
			continue
		}
		if m := verdictLine.FindStringSubmatch(l); m != nil {
			r.verdict = strings.Split(m[1], ", ")
		}
		if m := failingTrace.FindStringSubmatch(l); m != nil && !slices.Contains(r.traces, m[1]) {
			r.traces = append(r.traces, m[1])
		}
		if key, value, ok := strings.Cut(l, ": "); ok && now != nil && !strings.HasPrefix(l, " ") && now.fields[key] == "" {
			now.fields[key] = value
		}
	}
	return r
}

func (r *reading) begin(ref string) *record {
	if known := r.byRef[ref]; known != nil {
		return known
	}
	now := &record{ref: ref, fields: map[string]string{}}
	r.byRef[ref] = now
	r.records = append(r.records, now)
	return now
}

// step takes in a line of a topology: a change of service from parent to child is a call.
func (r *reading) step(path []string, trace string, m []string) []string {
	depth := min(len(m[1])/2, len(path))
	service := m[3]
	if depth > 0 && service != "" && path[depth-1] != "" && path[depth-1] != service {
		c := call{path[depth-1], service, "span:" + trace + "/" + m[2]}
		if !slices.ContainsFunc(r.calls, func(known call) bool { return known.caller == c.caller && known.callee == c.callee }) {
			r.calls = append(r.calls, c)
		}
	}
	return append(path[:depth], service)
}

// failed are the spans with status error of failing traces, in the order shown.
func (r *reading) failed() []*record {
	var spans []*record
	for _, rec := range r.records {
		if strings.HasPrefix(rec.ref, "span:") && rec.fields["status"] == "error" && strings.HasSuffix(rec.fields["trace"], "(failing)") {
			spans = append(spans, rec)
		}
	}
	return spans
}

// chain is the failed span of a trace nobody failed above, and the one that the most stand above.
func (r *reading) chain() (top, bottom *record) {
	deepest := -1
	for _, rec := range r.failed() {
		depth := 0
		for at := rec; depth < 1000; depth++ {
			parent := r.byRef[at.fields["parent"]]
			if parent == nil || parent.fields["status"] != "error" {
				if depth > deepest {
					top, bottom, deepest = at, rec, depth
				}
				break
			}
			at = parent
		}
	}
	return top, bottom
}

// toMap is v as the arguments of a function.
func toMap(v any) map[string]any {
	body, err := json.Marshal(v)
	if err == nil {
		var m map[string]any
		if err = json.Unmarshal(body, &m); err == nil {
			return m
		}
	}
	panic("geminitest: a script's answer is no JSON object: " + err.Error())
}
