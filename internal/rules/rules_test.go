package rules_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// entry is a number of the rules and what a section of docs/verdict.md says of it, %s for the number.
type entry struct {
	name    string
	value   any
	section int
	phrase  string
}

func table() []entry {
	return []entry{
		{"signal.ClockAhead", signal.ClockAhead, 1, "nor more than %s after receipt"},
		{"ClockTolerance", rules.ClockTolerance, 5, "beyond tolerance (%s or"},
		{"ParentLogWindow", rules.ParentLogWindow, 2, "within %s of a failed child's end"},
		{"CancelWindow", rules.CancelWindow, 3, "up to %s before"},
		{"ChangeWindow", rules.ChangeWindow, 7, "a change (in the %s before onset)"},
		{"ChangeWindow", rules.ChangeWindow, 6, "was changed in the %s before it"},
		{"CallsWindow", rules.CallsWindow, 4, "in the %s before onset"},
		{"CallsWindow", rules.CallsWindow, 9, "is the %s before onset"},
		{"RecentWindow", rules.RecentWindow, 9, "in the last %s"},
		{"RefusalWindow", rules.RefusalWindow, 6, "within %s of onset"},
		{"EntryWindow", rules.EntryWindow, 9, "critical = within %s"},
		{"CaseBaseline", rules.CaseBaseline, 14, "metric points of the %s before its failing traces"},
		{"CaseChanges", rules.CaseChanges, 14, "changes of the %s before them"},
		{"CaseAfter", rules.CaseAfter, 14, "points up to %s after the last error"},

		{"CopyWindow", rules.CopyWindow, 12, "within %s of it"},
		{"CopyWindow", rules.CopyWindow, 12, "within its time and %s"},
		{"PlatformWindow", rules.PlatformWindow, 12, "in the %s before"},
		{"PlatformSpan", rules.PlatformSpan, 12, "in the last %s before its newest"},

		{"DescentParts", rules.DescentParts, 5, "at least 1 in %s parts of it"},
		{"BaselineCalls", rules.BaselineCalls, 9, "a baseline of at least %s calls"},
		{"RecentCalls", rules.RecentCalls, 9, "at least %s in the last"},
		{"TooOften", rules.TooOften, 9, "more than %s times as often"},
		{"ComparableCalls", rules.ComparableCalls, 5, "at least %s healthy calls"},
		{"CriticalTraces", rules.CriticalTraces, 9, "at least %s of them"},
		{"CriticalParts", rules.CriticalParts, 9, "at least 1 in %s of an entry's traces"},
		{"CriticalParts", rules.CriticalParts, 15, "at least 1 in %s requests fail is no routine"},
		{"CriticalTracesEach", rules.CriticalTracesEach, 9, "at least %s each"},
		{"CriticalEntries", rules.CriticalEntries, 9, "at %s or more entries"},

		{"ShareWindow", rules.ShareWindow, 15, "windows of %s"},
		{"ShareBaseline", rules.ShareBaseline, 15, "in the %s before them"},
		{"ShareBaselineLeast", rules.ShareBaselineLeast, 15, "in less than %s of it"},
		{"ShareRequests", rules.ShareRequests, 15, "fewer than %s requests"},
		{"ShareWindows", rules.ShareWindows, 15, "in each of the newest %s windows"},
		{"ShareFactor", rules.ShareFactor, 15, "at least %s times"},
		{"ShareSpread", rules.ShareSpread, 15, "in at least %s of 4 windows"},
		{"ShareSpreadOf", rules.ShareSpreadOf, 15, "in at least 3 of %s windows"},
		{"ShareChance", rules.ShareChance, 15, "with a probability below %s"},

		{"MaxRecords", rules.MaxRecords, 14, "the last %s error logs"},
		{"MaxSiblings", rules.MaxSiblings, 14, "its last %s calls"},
		{"MaxCalls", rules.MaxCalls, 14, "looked for among %s"},
		{"MaxOffered", rules.MaxOffered, 14, "%s errors are offered"},
		{"MaxBeside", rules.MaxBeside, 14, "among %s errors on each side"},
		{"MaxSteps", rules.MaxSteps, 14, "%s steps at most"},
		{"StepsPerRecord", rules.StepsPerRecord, 14, "%s for each of its records"},
		{"LargestPath", rules.LargestPath, 14, "at most %s records"},
		{"SmallestPath", rules.SmallestPath, 14, "down to %s"},
		{"PathAbove", rules.PathAbove, 14, "the %s spans above it"},
		{"PathTop", rules.PathTop, 14, "the %s topmost"},
		{"PathChildren", rules.PathChildren, 14, "its last %s calls"},
		{"MaxOrigins", rules.MaxOrigins, 14, "%s primary and"},
		{"MaxCopies", rules.MaxCopies, 14, "its last %s records"},
		{"MaxAround", rules.MaxAround, 14, "at %s moments"},
		{"MaxAboveStall", rules.MaxAboveStall, 14, "the nearest %s spans"},
		{"MaxWaiting", rules.MaxWaiting, 14, "%s services and operations"},
		{"MaxRefs", rules.MaxRefs, 14, "up to %s records"},
		{"MaxFindings", rules.MaxFindings, 14, "up to %s findings"},
		{"MaxGaps", rules.MaxGaps, 14, "%s gaps"},
		{"MaxRegions", rules.MaxRegions, 14, "%s code regions"},
		{"MaxQuote", rules.MaxQuote, 14, "up to %s bytes"},

		{"CapSeenFromCaller", rules.CapSeenFromCaller, 10, "from the caller's side only %s"},
		{"CapNoReason", rules.CapNoReason, 10, "no record says why %s"},
		{"CapNothingBeyond", rules.CapNothingBeyond, 10, "no telemetry beyond a timeout %s"},
		{"CapNoErrorOfCallee", rules.CapNoErrorOfCallee, 10, "recorded no error itself %s"},
		{"CapNoTelemetry", rules.CapNoTelemetry, 10, "nothing recorded at the only candidate %s"},
		{"CapGhost", rules.CapGhost, 10, "only logs were received, or only logs show when it was reached %s"},
		{"CapReachedInLogs", rules.CapReachedInLogs, 10, "only logs were received, or only logs show when it was reached %s"},
		{"CapUnnamedPeer", rules.CapUnnamedPeer, 10, "does not name its peer %s"},
		{"CapAmbiguous", rules.CapAmbiguous, 10, "in words that a client uses of several causes %s"},
		{"CapNoException", rules.CapNoException, 10, "no exception recorded %s"},
		{"CapNothingToCompare", rules.CapNothingToCompare, 10, "another caller to compare with %s"},
		{"CapLogsOnly", rules.CapLogsOnly, 10, "logs only %s"},
		{"CapPlatform", rules.CapPlatform, 10, "joined by name and time, %s"},
		{"CapMissingParent", rules.CapMissingParent, 10, "missing parent on the root path %s"},
		{"CapRival", rules.CapRival, 10, "a rival in the caller's own code %s;"},
		{"CapOneTrace", rules.CapOneTrace, 10, "one trace and no baseline %s"},
		{"CapShare", rules.CapShare, 10, "by their share, from 0.5 to %s"},
		{"CapUnequal", rules.CapUnequal, 10, "share that says the same, from 0.5 to %s"},

		{"WindowErrors", rules.WindowErrors, 16, "at least %s requests failed of it"},
		{"WindowErrorParts", rules.WindowErrorParts, 16, "at least 1 in %s of the failed ones"},
		{"WindowTraces", rules.WindowTraces, 16, "of up to %s of these"},
		{"StandardErrors", rules.StandardErrors, 16, "at least %s standard errors above"},
		{"StandardErrors", rules.StandardErrors, 16, "and %s standard errors. Of a request"},
		{"MinShiftSpans", rules.MinShiftSpans, 16, "the baseline has at least %s,"},
		{"ShiftShare", rules.ShiftShare, 16, "changed by at least %s and"},
		{"OwedShare", rules.OwedShare, 16, "at least %s of what they have, or lack,"},
		{"OneSignalLimit", rules.OneSignalLimit, 16, "down to %s where only one sort"},
		{"CloseLocationLimit", rules.CloseLocationLimit, 16, "to %s where the next component"},
		{"MarginParts", rules.MarginParts, 16, "behind by 1 in %s parts"},
		{"FewRequestsLimit", rules.FewRequestsLimit, 16, "to %s (an abstention) where fewer"},
		{"ShortBaselineLimit", rules.ShortBaselineLimit, 16, "to %s where the baseline has fewer"},
		{"MinBaselineRequests", rules.MinBaselineRequests, 16, "fewer than %s requests and no metric shows it, to"},
		{"UnsettledOnsetLimit", rules.UnsettledOnsetLimit, 16, "to %s where it would be another one"},
		{"OnsetAround", rules.OnsetAround, 16, "another one %s before or after"},
		{"LeastRequests", rules.LeastRequests, 16, "fewer than %s requests and no metric"},
		{"WeakLocationLimit", rules.WeakLocationLimit, 16, "and to %s where its score"},
		{"LeastLocation", incident.Confidence(rules.LeastLocation), 16, "its score is below %s."},
		{"MaxSuspects", rules.MaxSuspects, 16, "lists up to %s suspects"},
		{"MaxSuspectFindings", rules.MaxSuspectFindings, 16, "what was observed of %s."},

		{"AbstainBelow", rules.AbstainBelow, 10, "Below %s the verdict is `abstained`"},
		{"SpeaksAgainstBelow", rules.SpeaksAgainstBelow, 10, "A cap below %s is listed"},
		{"NamedCause", rules.NamedCause, 10, "It starts at %s"},
		{"LocatedCause", rules.LocatedCause, 10, "at %s where it only shows where"},
		{"UnknownCause", rules.UnknownCause, 10, "at %s where it does neither"},
		{"RivalTenths", int(rules.RivalTenths), 10, "is worth %s tenths of it"},
		{"OtherSideTenths", int(rules.OtherSideTenths), 10, "refused request %s tenths"},
	}
}

// written is a number as docs/verdict.md writes it.
func written(value any) string {
	switch v := value.(type) {
	case time.Duration:
		for _, unit := range []struct {
			length time.Duration
			name   string
		}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
			if v%unit.length == 0 {
				return fmt.Sprintf("%d %s", v/unit.length, unit.name)
			}
		}
	case rules.Cap:
		return written(v.Limit())
	case incident.Confidence:
		return strconv.FormatFloat(float64(v)/1_000_000, 'f', -1, 64)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		digits := strconv.Itoa(v)
		for i := len(digits) - 3; i > 0; i -= 3 {
			digits = digits[:i] + "," + digits[i:]
		}
		return digits
	}
	return fmt.Sprint(value)
}

// Every number is where docs/verdict.md says it, with the same value.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "verdict.md"))
	require.NoError(t, err)
	sections := map[int]string{}
	heading := regexp.MustCompile(`(?m)^## (\d+)\. `)
	at := heading.FindAllSubmatchIndex(doc, -1)
	for i, m := range at {
		number, err := strconv.Atoi(string(doc[m[2]:m[3]]))
		require.NoError(t, err)
		end := len(doc)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		sections[number] = string(doc[m[0]:end])
	}
	for _, e := range table() {
		t.Run(e.name, func(t *testing.T) {
			want := strings.Replace(e.phrase, "%s", written(e.value), 1)
			assert.Contains(t, sections[e.section], want, "section %d", e.section)
		})
	}
}

// No number is left out of the table above.
func TestComplete(t *testing.T) {
	listed := map[string]bool{}
	for _, e := range table() {
		listed[e.name] = true
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			constants, ok := d.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, s := range constants.Specs {
				for _, n := range s.(*ast.ValueSpec).Names {
					assert.True(t, listed[n.Name] || !n.IsExported(), "%s is in no section", n.Name)
				}
			}
		}
	}
}

func TestShareLimit(t *testing.T) {
	for _, tt := range []struct {
		have, of int
		want     incident.Confidence
	}{{0, 3, 500_000}, {1, 3, 633_333}, {1, 2, 700_000}, {3, 4, 800_000}, {5, 5, 900_000}} {
		assert.Equal(t, tt.want, rules.ShareLimit(tt.have, tt.of), "%d of %d", tt.have, tt.of)
	}
}
