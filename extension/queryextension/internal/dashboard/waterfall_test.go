package dashboard

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/tracetree"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func treeOf(id signal.TraceID, b store.Batch) *tracetree.Tree {
	return tracetree.Build(&incident.Trace{ID: id, Spans: b.Spans, Logs: b.Logs})
}

func pageAt(t *testing.T, tree *tracetree.Tree, address string) tracePage {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return newTracePage(tree, parseTraceState(tree.ID, u.Query()))
}

// rowsOf writes the lines of a page, one each, indented by dots.
func rowsOf(p tracePage) []string {
	var out []string
	for _, r := range p.Rows {
		text := r.Name
		if r.Kind == "fold" {
			text = "(" + r.Fold + ")"
		}
		out = append(out, strings.Repeat(".", r.Depth)+text)
	}
	return out
}

func TestWaterfallOfSmallTraceShowsEverything(t *testing.T) {
	page := pageAt(t, treeOf(querytest.PoolTrace, querytest.PoolSignals(querytest.PoolTrace, querytest.Onset)), "/")
	assert.Equal(t, []string{
		"POST /pay/{order_id}", ".check token", ".paying order-fail-pay-123", ".POST",
		"..POST /pay/{order_id}", "...pool.acquire", "...still waiting for a database connection",
		"...could not acquire a connection from pool payment within 3s: 8 of 8 in use: context deadline exceeded",
		".payment answered 503",
	}, rowsOf(page))
	assert.Equal(t, 4, page.Failed)
	assert.Equal(t, "0.000%", page.Rows[0].X)
	assert.Equal(t, "100.000%", page.Rows[0].Width)
}

func TestWaterfallOfLargeTraceOpensAtTheErrors(t *testing.T) {
	const spans = 20_000
	tree := treeOf(querytest.LargeTrace, querytest.LargeSignals(spans))
	page := pageAt(t, tree, "/")
	assert.Less(t, len(page.Rows), 20)
	text := strings.Join(rowsOf(page), "\n")
	assert.Contains(t, text, fmt.Sprintf("book entry %d", spans/2))
	assert.Contains(t, text, fmt.Sprintf("book entry %d", spans/2+100))
	assert.Equal(t, spans, shownSpans(page), "every span is a line or counted by a fold or a shut span")

	for _, r := range page.Rows {
		if r.Kind == "fold" {
			unfolded := pageAt(t, tree, r.Select)
			assert.Greater(t, unfolded.Total, page.Total)
			assert.LessOrEqual(t, len(unfolded.Rows), rowsPerPage)
		}
	}
}

// shownSpans adds up the spans that a page shows or counts.
func shownSpans(p tracePage) int {
	n := 0
	for _, r := range p.Rows {
		switch {
		case r.Kind == "fold":
			var folded int
			_, _ = fmt.Sscanf(strings.ReplaceAll(r.Fold, "\u202f", ""), "%d", &folded)
			n += folded
		case r.Kind == "span" && !r.Open:
			n += 1 + r.Below
		case r.Kind == "span":
			n++
		}
	}
	return n
}

func TestWaterfallFoldsRepeats(t *testing.T) {
	b := querytest.StormSignals(50)
	tree := treeOf(querytest.StormTrace, b)
	page := pageAt(t, tree, "/")
	assert.Equal(t, []string{
		"POST /pay/{order_id}", ".acquire", ".settlement 1 failed", ".acquire", ".settlement 2 failed", ".acquire",
		".settlement 3 failed", ".(47 spans and 47 logs like those above)", ".giving up",
	}, rowsOf(page))

	everything := pageAt(t, tree, "/?view=all")
	assert.Len(t, everything.Rows, 102)
	fold := page.Rows[7]
	assert.Len(t, pageAt(t, tree, fold.Select).Rows, 102)
	selected := pageAt(t, tree, "/?sel=l"+b.Logs[30].ID.String())
	assert.Contains(t, rowsOf(selected), ".settlement 31 failed")
	assert.Len(t, selected.Rows, 11, "the fold is in two parts")
}

func TestWaterfallPages(t *testing.T) {
	tree := treeOf(querytest.LargeTrace, querytest.LargeSignals(1000))
	seen := 0
	page := pageAt(t, tree, "/?view=all&page=1")
	for {
		seen += len(page.Rows)
		if page.Next == "" {
			break
		}
		page = pageAt(t, tree, page.Next)
	}
	assert.Equal(t, 1000, seen)
	assert.NotEmpty(t, page.Previous)

	beyond := pageAt(t, tree, "/?view=all&page=99")
	assert.Equal(t, page.From, beyond.From, "a page beyond the end is the last one")
}

func TestWaterfallShowsTheSelectedRecord(t *testing.T) {
	b := querytest.LargeSignals(5000)
	tree := treeOf(querytest.LargeTrace, b)
	hidden := b.Spans[4321]
	page := pageAt(t, tree, "/?sel=s"+hidden.ID.String())
	var selected []row
	for _, r := range page.Rows {
		if r.Selected {
			selected = append(selected, r)
		}
	}
	require.Len(t, selected, 1)
	assert.Equal(t, hidden.Name, selected[0].Name)
	require.NotNil(t, selected[0].Record)

	everything := pageAt(t, tree, "/?view=all&sel=s"+hidden.ID.String())
	assert.Greater(t, everything.From, 1, "opens at the page of the selected record")
}

func TestWaterfallToggles(t *testing.T) {
	tree := treeOf(querytest.PoolTrace, querytest.PoolSignals(querytest.PoolTrace, querytest.Onset))
	page := pageAt(t, tree, "/")
	shut := pageAt(t, tree, page.Rows[0].Toggle)
	assert.Equal(t, []string{"POST /pay/{order_id}"}, rowsOf(shut))
	assert.Equal(t, 4, shut.Rows[0].Below)
	again := pageAt(t, tree, shut.Rows[0].Toggle)
	assert.Equal(t, rowsOf(page), rowsOf(again))
}

func TestWaterfallFinds(t *testing.T) {
	tree := treeOf(querytest.LargeTrace, querytest.LargeSignals(5000))
	page := pageAt(t, tree, "/?q=ENTRY+4321")
	assert.Equal(t, 1, page.Found)
	assert.Contains(t, strings.Join(rowsOf(page), "\n"), "book entry 4321")
	assert.Less(t, len(page.Rows), 10)
}

func TestWaterfallOfTornTrace(t *testing.T) {
	page := pageAt(t, treeOf(querytest.TornTrace, querytest.TornSignals()), "/")
	notes := map[string]string{}
	for _, r := range page.Rows {
		notes[r.Name] = r.Kind + " " + r.Note
	}
	assert.Equal(t, "missing ", notes["span b200000000000003 was not received"])
	assert.Equal(t, "missing its logs prove that it ran", notes["span b200000000000009 was not received"])
	assert.Equal(t, "span its parents lead back to itself", notes["ping"])
	assert.Equal(t, 2, page.Missing)
	duplicates := 0
	for _, n := range notes {
		if strings.Contains(n, "another span received") {
			duplicates++
		}
	}
	assert.Equal(t, 1, duplicates)
}

func TestWaterfallSurvivesAnyTimes(t *testing.T) {
	for _, times := range [][2]signal.Nanos{{0, 0}, {0, 5}, {7, 3}, {1, ^signal.Nanos(0)}, {^signal.Nanos(0), 1}} {
		s := &signal.Span{Name: "odd", Start: times[0], End: times[1], SpanID: signal.SpanID{1}}
		page := newTracePage(tracetree.Build(&incident.Trace{Spans: []*signal.Span{s}}), traceState{})
		assert.Len(t, page.Rows, 1)
	}
}

// Whatever stands in the address, the page is made and holds no more lines than a page may.
func FuzzTraceAddress(f *testing.F) {
	tree := treeOf(querytest.TornTrace, querytest.TornSignals())
	large := treeOf(querytest.LargeTrace, querytest.LargeSignals(1000))
	for _, seed := range []string{"", "view=all&page=2", "open=top,,x&shut=b200000000000001&runs=top", "sel=m&q=%ff", "page=99999999999999999999", "page=-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, tree := range []*tracetree.Tree{tree, large} {
			page := newTracePage(tree, parseTraceState(tree.ID, q))
			assert.LessOrEqual(t, len(page.Rows), rowsPerPage)
			assert.NotEmpty(t, page.Rows)
		}
	})
}
