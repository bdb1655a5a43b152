package field

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Every demand that case.json can make is checked: each is met once and once not.
func TestJudge(t *testing.T) {
	sure, none := incident.Confidence(900_000), (*incident.Confidence)(nil)
	down := found{
		title: "ledger-db: dependency unavailable", statement: "ledger could not reach ledger-db", severity: "high", verdict: "root_cause",
		kind: "dependency", service: "ledger", component: "ledger-db:5432", category: "dependency_unavailable", trigger: "unknown",
		confidence: &sure, traces: []string{"t1"}, text: "ledger could not reach ledger-db\nECONNREFUSED",
	}
	open := found{title: "stock: no answer", verdict: "abstained", severity: "high", candidates: []string{"stock", "shop"}, traces: []string{"t2"}, text: "it was tried twice", confidence: none}
	for name, tt := range map[string]struct {
		want string // JSON of the expectation
		got  []found
		ok   bool
	}{
		"as many incidents":                 {`{"incidents": 1}`, []found{down}, true},
		"too many incidents":                {`{"incidents": 1}`, []found{down, open}, false},
		"incidents within bounds":           {`{"incidents": [1, 2]}`, []found{down, open}, true},
		"too few incidents":                 {`{"incidents": [1, 2]}`, nil, false},
		"a root":                            {`{"incidents": 1, "roots": [{"service": "ledger", "component": ["other", "LEDGER-db*"], "kind": ["dependency"], "category": ["dependency_unavailable"]}]}`, []found{down}, true},
		"another service":                   {`{"incidents": 1, "roots": [{"service": "shop"}]}`, []found{down}, false},
		"another component":                 {`{"incidents": 1, "roots": [{"component": "ledger-db"}]}`, []found{down}, false},
		"another kind":                      {`{"incidents": 1, "roots": [{"kind": "code"}]}`, []found{down}, false},
		"another category":                  {`{"incidents": 1, "roots": [{"category": "timeout"}]}`, []found{down}, false},
		"a star of several lines":           {`{"incidents": 1, "roots": [{"component": "a*z"}]}`, []found{{component: "a/\nz"}}, true},
		"two roots need two incidents":      {`{"incidents": 1, "roots": [{"service": "ledger"}, {"service": "ledger"}]}`, []found{down}, false},
		"an optional root":                  {`{"incidents": 1, "roots": [{"service": "shop", "optional": true}]}`, []found{down}, true},
		"an optional root comes last":       {`{"incidents": 1, "roots": [{"component": "*", "optional": true}, {"service": "ledger"}]}`, []found{down}, true},
		"severity":                          {`{"incidents": 1, "roots": [{"severity": ["medium", "high"]}]}`, []found{down}, true},
		"another severity":                  {`{"incidents": 1, "roots": [{"severity": ["low"]}]}`, []found{down}, false},
		"trigger":                           {`{"incidents": 1, "roots": [{"trigger": "unknown"}]}`, []found{down}, true},
		"another trigger":                   {`{"incidents": 1, "roots": [{"trigger": "deployment"}]}`, []found{down}, false},
		"confidence":                        {`{"incidents": 1, "roots": [{"confidence": [0.5, 0.9]}]}`, []found{down}, true},
		"too sure":                          {`{"incidents": 1, "roots": [{"confidence": [0, 0.7]}]}`, []found{down}, false},
		"abstained":                         {`{"incidents": 1, "roots": [{"component": "stock", "category": "timeout", "abstained": true, "confidence": [0, 0.1]}]}`, []found{open}, true},
		"abstained with another candidate":  {`{"incidents": 1, "roots": [{"component": "shop", "abstained": true}]}`, []found{open}, false},
		"abstained where it may not":        {`{"incidents": 1, "roots": [{"component": "stock"}]}`, []found{open}, false},
		"a root mentions":                   {`{"incidents": 1, "roots": [{"mention": ["could NOT reach", ["no", "ledger-db"]]}]}`, []found{down}, true},
		"a root does not mention":           {`{"incidents": 1, "roots": [{"mention": ["ECONNREFUSED"]}]}`, []found{down}, false},
		"an abstained root mentions":        {`{"incidents": 1, "roots": [{"component": "stock", "abstained": true, "mention": ["tried twice"]}]}`, []found{open}, true},
		"a root never says":                 {`{"incidents": 1, "roots": [{"never": ["reach"]}]}`, []found{down}, false},
		"the root that fits best is taken":  {`{"incidents": 2, "roots": [{"service": "ledger", "mention": ["reach"]}]}`, []found{{service: "ledger"}, down}, true},
		"the reports mention":               {`{"incidents": 2, "mention": ["econnrefused", "tried twice"]}`, []found{down, open}, true},
		"no report mentions":                {`{"incidents": 1, "mention": ["tried twice"]}`, []found{down}, false},
		"a report says what none may":       {`{"incidents": 1, "never": ["econnREFUSED"]}`, []found{down}, false},
		"a trace":                           {`{"incidents": 1, "traces": [{"trace": "t1", "component": ["ledger-db:5432"], "category": ["dependency_unavailable"]}]}`, []found{down}, true},
		"a trace without incident":          {`{"incidents": 1, "traces": [{"trace": "t9", "component": ["ledger-db:5432"], "category": ["dependency_unavailable"]}]}`, []found{down}, false},
		"a trace of another component":      {`{"incidents": 1, "traces": [{"trace": "t1", "component": ["ledger"], "category": ["dependency_unavailable"]}]}`, []found{down}, false},
		"a trace of another category":       {`{"incidents": 1, "traces": [{"trace": "t1", "component": ["ledger-db:5432"], "category": ["timeout"]}]}`, []found{down}, false},
		"incidents of a service":            {`{"incidents": 2, "services": {"ledger": 1, "stock": 1}}`, []found{down, open}, true},
		"too many incidents of a service":   {`{"incidents": 2, "services": {"ledger": 1}}`, []found{down, down}, false},
		"services without incident counted": {`{"incidents": 1, "services": {"shop": 1}}`, []found{down}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var want expectation
			require.NoError(t, json.Unmarshal([]byte(tt.want), &want))
			assert.Equal(t, tt.ok, len(judge(want, tt.got)) == 0, "%v", judge(want, tt.got))
		})
	}
}

// The list of wrong cases must say what is true: of the case, and of each trace on its list.
func TestListOfWrongCases(t *testing.T) {
	whole, one := complaint{text: "3 incidents, not 1"}, complaint{item: "svc04", text: "unknown"}
	for name, tt := range map[string]struct {
		wrong   []complaint
		excused []string
		as      []string // names that are not as listed
	}{
		"right":                         {},
		"wrong, not listed":             {[]complaint{whole}, nil, []string{"cases/x: 3 incidents, not 1"}},
		"wrong, listed":                 {[]complaint{whole}, []string{"cases/x"}, nil},
		"right, listed":                 {nil, []string{"cases/x"}, []string{"cases/x is right now"}},
		"another case":                  {nil, []string{"cases/xy", "cases/xy svc04"}, nil},
		"a trace, not listed":           {[]complaint{one}, []string{"cases/x svc05"}, []string{"cases/x svc04: unknown", "cases/x svc05 is right now"}},
		"a trace, listed":               {[]complaint{one}, []string{"cases/x svc04"}, nil},
		"a trace excuses not the case":  {[]complaint{whole}, []string{"cases/x svc04"}, []string{"cases/x: 3 incidents", "cases/x svc04 is right now"}},
		"the case excuses not its list": {[]complaint{whole, one}, []string{"cases/x"}, []string{"cases/x svc04: unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			excused := map[string]bool{}
			for _, name := range tt.excused {
				excused[name] = true
			}
			got := outcome{name: "cases/x", wrong: tt.wrong}.unexpected(excused)
			require.Len(t, got, len(tt.as), got)
			for i := range tt.as {
				assert.Contains(t, got[i], tt.as[i])
			}
		})
	}
}
