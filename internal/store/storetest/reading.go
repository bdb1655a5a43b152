package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

var reading = map[string]func(*testing.T, store.Store){
	"SearchFilters":                 searchFilters,
	"SearchByAttribute":             searchByAttribute,
	"SearchIsNewestFirst":           searchIsNewestFirst,
	"PagingWhileWriting":            pagingWhileWriting,
	"PagingOverRetries":             pagingOverRetries,
	"InvalidCursors":                invalidCursors,
	"EvidenceIsFound":               evidenceIsFound,
	"ConflictingSpansAreEvidence":   conflictingSpansAreEvidence,
	"ChangesAreListed":              changesAreListed,
	"PointsAreYielded":              pointsAreYielded,
	"HealthyTracesAreTheBaseline":   healthyTracesAreTheBaseline,
	"EntriesAreCounted":             entriesAreCounted,
	"ServicesAreMapped":             servicesAreMapped,
	"ServicesAreKnown":              servicesAreKnown,
	"AddressesHaveOwners":           addressesHaveOwners,
	"CallsAreCounted":               callsAreCounted,
	"RefusedCallersAreKnown":        refusedCallersAreKnown,
	"ExceptionsAreFoundByMoment":    exceptionsAreFoundByMoment,
	"LogsAreFoundByMoment":          logsAreFoundByMoment,
	"KnowledgeOfNothing":            knowledgeOfNothing,
	"ReadersSeeWhatWasAcknowledged": readersSeeWhatWasAcknowledged,
}

// found are the names or bodies of a search, in order.
func found(t *testing.T, s store.Store, f store.SignalFilter) []string {
	t.Helper()
	list, err := s.SearchSignals(t.Context(), tenant, f, store.Page{})
	require.NoError(t, err)
	names := []string{}
	for _, r := range list.Items {
		switch {
		case r.Span != nil:
			names = append(names, r.Span.Name)
		case r.Log != nil:
			names = append(names, r.Log.Body.Str())
		default:
			names = append(names, r.Point.Name)
		}
	}
	return names
}

func pointOf(name, service string, value any) *signal.Point {
	return &signal.Point{
		Resource: resourceOf(service), Name: name, Type: signal.MetricGauge, Time: signal.NanosOf(eventTime), Value: signal.Value{Data: value},
	}
}

func searchFilters(t *testing.T, s store.Store) {
	late := logOf("", "an hour later", "payment", 9)
	late.Time = signal.NanosOf(eventTime.Add(time.Hour))
	structured := logOf("", "", "gateway", 13)
	structured.Body = signal.Value{Data: signal.Map{{Key: "Reason", Value: signal.Value{Data: "slow"}}}}
	appendAll(t, s, requestOf(tenant,
		logOf("a", "Connection REFUSED by 100%_db", "payment", signal.SeverityError), logOf("b", "all ÄÖ well", "gateway", 9), late,
		span("a", "POST /pay", "payment"), failing("b", "GET /stock", "inventory"), pointOf("pool.used", "payment", int64(3))))
	for name, test := range map[string]struct {
		filter store.SignalFilter
		want   []string
	}{
		"logs":                 {store.SignalFilter{Kind: store.KindLog}, []string{"Connection REFUSED by 100%_db", "all ÄÖ well", "an hour later"}},
		"spans":                {store.SignalFilter{Kind: store.KindSpan}, []string{"POST /pay", "GET /stock"}},
		"metrics":              {store.SignalFilter{Kind: store.KindMetric}, []string{"pool.used"}},
		"service":              {store.SignalFilter{Kind: store.KindLog, Service: "gateway"}, []string{"all ÄÖ well"}},
		"trace":                {store.SignalFilter{Kind: store.KindLog, TraceID: traceID("a")}, []string{"Connection REFUSED by 100%_db"}},
		"trace of spans":       {store.SignalFilter{Kind: store.KindSpan, TraceID: traceID("b")}, []string{"GET /stock"}},
		"trace and service":    {store.SignalFilter{Kind: store.KindSpan, TraceID: traceID("b"), Service: "payment"}, nil},
		"severity":             {store.SignalFilter{Kind: store.KindLog, MinSeverity: 13}, []string{"Connection REFUSED by 100%_db"}},
		"failed spans":         {store.SignalFilter{Kind: store.KindSpan, MinSeverity: signal.SeverityError}, []string{"GET /stock"}},
		"substring":            {store.SignalFilter{Kind: store.KindLog, Query: "connection refused"}, []string{"Connection REFUSED by 100%_db"}},
		"wildcards":            {store.SignalFilter{Kind: store.KindLog, Query: "100%_"}, []string{"Connection REFUSED by 100%_db"}},
		"no wildcard":          {store.SignalFilter{Kind: store.KindLog, Query: "Conn%by"}, nil},
		"beyond ASCII":         {store.SignalFilter{Kind: store.KindLog, Query: "äö"}, []string{"all ÄÖ well"}},
		"span name":            {store.SignalFilter{Kind: store.KindSpan, Query: "post"}, []string{"POST /pay"}},
		"metric name":          {store.SignalFilter{Kind: store.KindMetric, Query: "POOL"}, []string{"pool.used"}},
		"from":                 {store.SignalFilter{Kind: store.KindLog, From: eventTime.Add(time.Minute)}, []string{"an hour later"}},
		"to is left out":       {store.SignalFilter{Kind: store.KindLog, To: eventTime.Add(time.Hour)}, []string{"Connection REFUSED by 100%_db", "all ÄÖ well"}},
		"from is taken":        {store.SignalFilter{Kind: store.KindLog, From: eventTime.Add(time.Hour)}, []string{"an hour later"}},
		"odd text":             {store.SignalFilter{Kind: store.KindLog, Query: "\x00\xff", Service: "\xff"}, nil},
		"nothing matches both": {store.SignalFilter{Kind: store.KindLog, Service: "gateway", Query: "refused"}, nil},
	} {
		t.Run(name, func(t *testing.T) { assert.ElementsMatch(t, test.want, found(t, s, test.filter)) })
	}
	appendAll(t, s, requestOf(tenant, structured))
	list, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog, Query: `"reason":"slow"`}, store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "a structured body is searched as JSON")
	_, err = s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: "dream"}, store.Page{})
	require.Error(t, err)
}

func searchByAttribute(t *testing.T, s store.Store) {
	odd := `a."b'\$[0]`
	l := logOf("a", "this one", "payment", 9)
	l.Attributes = signal.Map{
		{Key: odd, Value: signal.Value{Data: "odd key"}},
		{Key: "http.route", Value: signal.Value{Data: "/pay"}},
		{Key: "code", Value: signal.Value{Data: int64(500)}},
		{Key: "share", Value: signal.Value{Data: 0.5}},
		{Key: "ok", Value: signal.Value{Data: true}},
		{Key: "host.name", Value: signal.Value{Data: "host-2"}},
		{Key: "text", Value: signal.Value{Data: "500"}},
		{Key: "unicode", Value: signal.Value{Data: "naïve \u2028 \"quoted\""}},
		{Key: "empty", Value: signal.Value{Data: ""}},
	}
	odder := logOf("a", "what no column carries", "gateway", 9)
	odder.Attributes = signal.Map{{Key: "nul\x00", Value: signal.Value{Data: "a\x00b\xff"}}, {Key: "host.name", Value: signal.Value{Data: "host-3"}}}
	appendAll(t, s, requestOf(tenant, l, logOf("a", "other", "payment", 9), odder))
	for name, test := range map[string]struct {
		attributes map[string]string
		want       []string
	}{
		"dots":                  {map[string]string{"http.route": "/pay"}, []string{"this one"}},
		"dots, quotes, dollars": {map[string]string{odd: "odd key"}, []string{"this one"}},
		"integer":               {map[string]string{"code": "500"}, []string{"this one"}},
		"text of digits":        {map[string]string{"text": "500"}, []string{"this one"}},
		"double":                {map[string]string{"share": "0.5"}, []string{"this one"}},
		"bool":                  {map[string]string{"ok": "true"}, []string{"this one"}},
		"bool is no number":     {map[string]string{"ok": "1"}, nil},
		"unicode":               {map[string]string{"unicode": "naïve \u2028 \"quoted\""}, []string{"this one"}},
		"empty text":            {map[string]string{"empty": ""}, []string{"this one"}},
		"missing":               {map[string]string{"nothing": ""}, nil},
		"another value":         {map[string]string{"http.route": "/stock"}, nil},
		"resource":              {map[string]string{"host.name": "host-1"}, []string{"other"}},
		"record before it":      {map[string]string{"host.name": "host-2"}, []string{"this one"}},
		"beside an odd one":     {map[string]string{"host.name": "host-3"}, []string{"what no column carries"}},
		"odd texts":             {map[string]string{"x\x00": "\xff"}, nil},
		"both":                  {map[string]string{"code": "500", "service.name": "payment"}, []string{"this one"}},
		"not both":              {map[string]string{"code": "500", "service.name": "gateway"}, nil},
		"no injection":          {map[string]string{"x') OR 1=1 --": "y"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ElementsMatch(t, test.want, found(t, s, store.SignalFilter{Kind: store.KindLog, Attributes: test.attributes}))
		})
	}
}

func searchIsNewestFirst(t *testing.T, s store.Store) {
	services := []string{"a", "b", "c"}
	for i := range 30 { // the order of receipt is not the order of events
		l := logOf("", fmt.Sprintf("%02d", (i*7)%30), services[i%3], 9)
		l.Time = signal.NanosOf(eventTime.Add(time.Duration((i*7)%30) * time.Minute))
		appendAll(t, s, requestOf(tenant, l))
	}
	got := found(t, s, store.SignalFilter{Kind: store.KindLog})
	require.Len(t, got, 30)
	for i, body := range got {
		assert.Equal(t, fmt.Sprintf("%02d", 29-i), body)
	}
	var paged []string
	for _, r := range searchAll(t, s, tenant, store.KindLog) {
		paged = append(paged, r.Log.Body.Str())
	}
	assert.Equal(t, got, paged)
}

// pagingWhileWriting pages through what was there while newer records keep coming: each of the
// former is seen exactly once.
func pagingWhileWriting(t *testing.T, s store.Store) {
	const n = 40
	for i := range n {
		l := logOf("", fmt.Sprint("old ", i), "payment", 9)
		l.Time = signal.NanosOf(eventTime.Add(time.Duration(i/4) * time.Second)) // many equal times
		appendAll(t, s, requestOf(tenant, l))
	}
	seen := map[string]int{}
	page := store.Page{Limit: 3}
	for i := 0; ; i++ {
		list, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog}, page)
		require.NoError(t, err)
		for _, r := range list.Items {
			seen[r.Log.Body.Str()]++
		}
		newer := logOf("", fmt.Sprint("new ", i), "payment", 9)
		newer.Time = signal.NanosOf(eventTime.Add(time.Hour + time.Duration(i)*time.Second))
		appendAll(t, s, requestOf(tenant, newer))
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
	}
	for i := range n {
		assert.Equal(t, 1, seen[fmt.Sprint("old ", i)], "record %d", i)
	}
}

// pagingOverRetries delivers the same records so often that pages of them hold nothing new.
func pagingOverRetries(t *testing.T, s store.Store) {
	var records []any
	for i := range 5 {
		records = append(records, logOf("a", fmt.Sprint("line ", i), "payment", 9))
	}
	b := requestOf(tenant, records...)
	for range 20 {
		appendAll(t, s, b)
	}
	assert.Len(t, searchAll(t, s, tenant, store.KindLog), 5)
	assert.Len(t, found(t, s, store.SignalFilter{Kind: store.KindLog, TraceID: traceID("a")}), 5)
	list, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog}, store.Page{Limit: 4})
	require.NoError(t, err)
	assert.Len(t, list.Items, 4)
	assert.NotEmpty(t, list.NextCursor)
}

func invalidCursors(t *testing.T, s store.Store) {
	for range 3 {
		appendAll(t, s, requestOf(tenant, logOf("", fmt.Sprint(time.Now()), "payment", 9), span("a", fmt.Sprint(time.Now()), "payment")))
	}
	logs, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog}, store.Page{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, logs.NextCursor)
	for _, cursor := range []string{"?", "abc", strings.Repeat("x", 10_000), logs.NextCursor[:len(logs.NextCursor)/3]} {
		_, err := s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindLog}, store.Page{Cursor: cursor})
		require.ErrorIs(t, err, store.ErrInvalidCursor, "cursor %.20q", cursor)
	}
	_, err = s.SearchSignals(t.Context(), tenant, store.SignalFilter{Kind: store.KindSpan}, store.Page{Cursor: logs.NextCursor})
	require.ErrorIs(t, err, store.ErrInvalidCursor, "a cursor of another listing")
	_, err = s.Changes(t.Context(), tenant, "", time.Time{}, time.Time{}, store.Page{Cursor: logs.NextCursor})
	require.ErrorIs(t, err, store.ErrInvalidCursor)
}

func evidenceIsFound(t *testing.T, s store.Store) {
	b := requestOf(tenant, span("a", "POST /pay", "payment"), logOf("a", "boom", "payment", 9), pointOf("pool.used", "payment", 0.5),
		incident.Change{ID: "deploy-7", Kind: "deploy", Service: "payment", Time: signal.NanosOf(eventTime)})
	appendAll(t, s, b, b) // delivered again
	for ref, is := range map[string]func(store.SignalRecord) bool{
		"span:" + keyOf("a") + "/" + spanID("aPOST /pay").String(): func(r store.SignalRecord) bool { return r.Span != nil && r.Span.Name == "POST /pay" },
		"log:" + b.Logs[0].ID.String():                             func(r store.SignalRecord) bool { return r.Log != nil && r.Log.Body.Str() == "boom" },
		"metric:" + b.Points[0].ID.String():                        func(r store.SignalRecord) bool { return r.Point != nil && r.Point.Name == "pool.used" },
		"change:deploy-7":                                          func(r store.SignalRecord) bool { return r.Change != nil && r.Change.Service == "payment" },
	} {
		records, err := s.Evidence(t.Context(), tenant, incident.Ref(ref))
		require.NoError(t, err, ref)
		require.Len(t, records, 1, ref)
		assert.True(t, is(records[0]), ref)
		_, err = s.Evidence(t.Context(), "other", incident.Ref(ref))
		require.ErrorIs(t, err, store.ErrNotFound, ref)
	}
	for _, ref := range []incident.Ref{"", "span", "span:", "span:x/y", "log:nothing", "metric:", "change:none", "dream:1", "span:" + incident.Ref(keyOf("a"))} {
		_, err := s.Evidence(t.Context(), tenant, ref)
		require.ErrorIs(t, err, store.ErrNotFound, "reference %q", ref)
	}
}

func conflictingSpansAreEvidence(t *testing.T, s store.Store) {
	one, two := span("a", "op", "payment"), span("a", "op", "payment")
	two.Name = "another under the same ID"
	b := requestOf(tenant, one, two)
	appendAll(t, s, b)
	records, err := s.Evidence(t.Context(), tenant, incident.Ref("span:"+keyOf("a")+"/"+one.SpanID.String()))
	require.NoError(t, err)
	require.Len(t, records, 2)
	assert.Less(t, records[0].Span.ID.String(), records[1].Span.ID.String(), "the smallest identity is meant")
	assert.Len(t, loaded(t, s, tenant, keyOf("a")).Spans, 2)
}

func changesAreListed(t *testing.T, s store.Store) {
	change := func(id, service string, at time.Time) incident.Change {
		return incident.Change{
			ID: id, Kind: "deploy", Service: service, Version: "1.2", Title: "Deploy " + id, URL: "https://example.com/" + id, Time: signal.NanosOf(at),
			Attributes: signal.Map{{Key: "files", Value: signal.Value{Data: []signal.Value{{Data: "a.go"}}}}},
		}
	}
	for i := range 5 {
		appendAll(t, s, requestOf(tenant, change(fmt.Sprint("c", i), []string{"payment", "gateway"}[i%2], eventTime.Add(time.Duration(i)*time.Minute))))
	}
	again := change("c1", "gateway", eventTime.Add(time.Hour))
	appendAll(t, s, requestOf(tenant, again, change("c0", "payment", eventTime)))
	ids := func(service string, from, to time.Time, limit int) (ids []string) {
		page := store.Page{Limit: limit}
		for {
			list, err := s.Changes(t.Context(), tenant, service, from, to, page)
			require.NoError(t, err)
			for _, c := range list.Items {
				ids = append(ids, c.ID)
			}
			if page.Cursor = list.NextCursor; page.Cursor == "" {
				return ids
			}
		}
	}
	assert.Equal(t, []string{"c4", "c3", "c2", "c1", "c0"}, ids("", time.Time{}, time.Time{}, 2), "each once, as received first")
	assert.Equal(t, []string{"c4", "c2", "c0"}, ids("payment", time.Time{}, time.Time{}, 100))
	assert.Equal(t, []string{"c2", "c1"}, ids("", eventTime.Add(time.Minute), eventTime.Add(3*time.Minute), 100))
	list, err := s.Changes(t.Context(), tenant, "", time.Time{}, time.Time{}, store.Page{Limit: 1})
	require.NoError(t, err)
	want := change("c4", "payment", eventTime.Add(4*time.Minute))
	want.ReceivedAt = list.Items[0].ReceivedAt
	assert.NotZero(t, want.ReceivedAt)
	assert.Equal(t, want, list.Items[0])
}

func pointsAreYielded(t *testing.T, s store.Store) {
	for i := range 10 {
		p, other := pointOf("pool.used", "payment", int64(i)), pointOf("pool.used", "gateway", int64(i))
		p.Time = signal.NanosOf(eventTime.Add(time.Duration(i) * time.Minute))
		other.Time = p.Time
		b := requestOf(tenant, p, other)
		appendAll(t, s, b, b)
	}
	count := func(services []string, from, to time.Time, limit int) (n int) {
		for p, err := range s.Points(t.Context(), tenant, services, from, to, limit) {
			require.NoError(t, err)
			assert.Contains(t, services, p.Service())
			assert.False(t, p.Time.Time().Before(from) || !p.Time.Time().Before(to))
			n++
		}
		return n
	}
	end := eventTime.Add(time.Hour)
	assert.Equal(t, 10, count([]string{"payment"}, eventTime, end, 100))
	assert.Equal(t, 20, count([]string{"payment", "gateway"}, eventTime, end, 100))
	assert.Equal(t, 3, count([]string{"payment"}, eventTime.Add(2*time.Minute), eventTime.Add(5*time.Minute), 100))
	assert.Equal(t, 7, count([]string{"payment", "gateway"}, eventTime, end, 7))
	assert.Zero(t, count(nil, eventTime, end, 7))
	for _, err := range s.Points(t.Context(), tenant, []string{"payment"}, eventTime, end, 100) {
		require.NoError(t, err)
		break // a consumer may stop
	}
}

// entrySpan is the entry of a named trace at a minute.
func entrySpan(trace string, minute int) *signal.Span {
	s := span(trace, "POST /order", "gateway")
	s.Start = signal.NanosOf(eventTime.Add(time.Duration(minute) * time.Minute))
	s.End = s.Start + signal.Nanos(time.Second)
	return s
}

func healthyTracesAreTheBaseline(t *testing.T, s store.Store) {
	for i := range 6 {
		appendAll(t, s, requestOf(tenant, entrySpan(strconv.Itoa(i), i), span(strconv.Itoa(i), "POST /pay", "payment")))
	}
	appendAll(t, s, requestOf(tenant, failing("3", "failed", "payment")), requestOf(tenant, entrySpan("5", 5)))
	keys, total, err := s.HealthyTraces(t.Context(), tenant, "gateway", "POST /order", eventTime.Add(time.Minute), eventTime.Add(time.Hour), 3)
	require.NoError(t, err)
	assert.Equal(t, 4, total, "1, 2, 4 and 5")
	assert.Equal(t, []string{keyOf("5"), keyOf("4"), keyOf("2")}, keys)
	keys, total, err = s.HealthyTraces(t.Context(), tenant, "gateway", "GET /other", eventTime, eventTime.Add(time.Hour), 3)
	require.NoError(t, err)
	assert.Empty(t, keys)
	assert.Zero(t, total)
}

func entriesAreCounted(t *testing.T, s store.Store) {
	for i := range 6 {
		entry := entrySpan(strconv.Itoa(i), i)
		if i%2 == 0 {
			entry.StatusCode = signal.StatusError
		}
		appendAll(t, s, requestOf(tenant, entry))
	}
	for i, outcome := range map[int]incident.Outcome{0: incident.OutcomeFailed, 2: incident.OutcomeFailed, 4: incident.OutcomeDegraded} {
		upsert(t, s, store.FailureHint{Key: keyOf(strconv.Itoa(i))})
		f := claim(t, s, "w")[0]
		c := classified(f.Key, root("r", "payment"))
		c.Outcome = outcome
		_, err := s.SaveClassifications(t.Context(), []store.Classified{{Failure: f, Classification: c}}, policy)
		require.NoError(t, err)
	}
	stats, err := s.EntryStats(t.Context(), tenant, "gateway", "POST /order", eventTime, eventTime.Add(5*time.Minute))
	require.NoError(t, err)
	assert.Equal(t, incident.EntryStats{Service: "gateway", Operation: "POST /order", Traces: 5, Failed: 2}, stats)
}

// call appends a call from one service to the address of another, answered by it.
func call(t *testing.T, s store.Store, trace, from, to, address string, failed bool) {
	t.Helper()
	host, port, _ := strings.Cut(address, ":")
	client, server := span(trace, "call", from), span(trace, "serve", to)
	client.Kind, server.ParentSpanID = signal.KindClient, client.SpanID
	client.Attributes = signal.Map{{Key: "server.address", Value: signal.Value{Data: host}}}
	if port != "" {
		client.Attributes = append(client.Attributes, signal.KeyValue{Key: "server.port", Value: signal.Value{Data: port}})
	}
	if failed {
		client.StatusCode, server.StatusCode = signal.StatusError, signal.StatusError
	}
	appendAll(t, s, requestOf(tenant, client, server))
}

func servicesAreMapped(t *testing.T, s store.Store) {
	for i := range 10 {
		call(t, s, strconv.Itoa(i), "gateway", "payment", "payment:8004", i < 3)
	}
	appendAll(t, s, requestOf(tenant, entrySpan("slow", 1)))
	m, err := s.Services(t.Context(), tenant, eventTime.Add(-time.Hour), eventTime.Add(time.Hour))
	require.NoError(t, err)
	second := int64(time.Second)
	assert.Equal(t, store.ServiceMap{
		Services: []store.ServiceStats{
			{Service: "gateway", Spans: 1, P50: second, P99: second},
			{Service: "payment", Spans: 10, Errors: 3, ErrorShare: 0.3, P50: second, P99: second},
		},
		Calls: []store.EdgeStats{{From: "gateway", To: "payment", Calls: 10, Errors: 3}},
	}, m)
	m, err = s.Services(t.Context(), tenant, eventTime.Add(time.Hour), eventTime.Add(2*time.Hour))
	require.NoError(t, err)
	assert.Empty(t, m.Services)
	for _, from := range []time.Time{{}, eventTime.Add(-time.Hour)} {
		m, err = s.Services(t.Context(), tenant, from, time.Time{})
		require.NoError(t, err)
		assert.Len(t, m.Services, 2, "no end: up to the newest")
	}
}

// knowledge asks a query alone and among others, which must not change the answer.
func knowledge(t *testing.T, s store.Store, q store.KnowledgeQuery) incident.Knowledge {
	t.Helper()
	alone, err := s.Knowledge(t.Context(), tenant, []store.KnowledgeQuery{q})
	require.NoError(t, err)
	require.Len(t, alone, 1)
	earlier, later, reversed := q, q, q
	earlier.Onset, later.Onset = q.Onset-min(q.Onset, signal.Nanos(time.Minute)), q.Onset+signal.Nanos(15*time.Minute)
	reversed.Calls, reversed.Refusals = slices.Clone(q.Calls), slices.Clone(q.Refusals)
	slices.Reverse(reversed.Calls)
	slices.Reverse(reversed.Refusals)
	among, err := s.Knowledge(t.Context(), tenant, []store.KnowledgeQuery{earlier, reversed, {}, q, later, q})
	require.NoError(t, err)
	require.Len(t, among, 6)
	assert.Equal(t, incident.Knowledge{}, among[2], "nothing was asked")
	assert.Equal(t, alone[0], among[3])
	assert.Equal(t, alone[0], among[5])
	return alone[0]
}

func servicesAreKnown(t *testing.T, s store.Store) {
	const infoLevel = 9
	old := span("a", "op", "silent")
	old.Start = signal.NanosOf(eventTime.Add(-time.Hour))
	appendAll(t, s, requestOf(tenant, old, span("a", "op", "payment"), logOf("a", "served", "payment", infoLevel), logOf("a", "served", "mainframe", infoLevel)))
	k := knowledge(t, s, store.KnowledgeQuery{
		Onset: signal.NanosOf(eventTime.Add(time.Minute)), Services: []string{"payment", "silent", "never", "mainframe"},
	})
	assert.Equal(t, []string{"mainframe"}, k.ServicesLogged)
	assert.Equal(t, []string{"payment"}, k.ServicesSeen)
	assert.Equal(t, []string{"payment", "silent"}, k.ServicesEver)
}

func addressesHaveOwners(t *testing.T, s store.Store) {
	call(t, s, "1", "gateway", "payment", "pay.example.com:8004", true)
	call(t, s, "2", "gateway", "payment", "localhost:8004", false)
	call(t, s, "3", "gateway", "inventory", "localhost:8002", false)
	call(t, s, "4", "gateway", "orders", "balancer", false)
	call(t, s, "5", "gateway", "users", "balancer", false)
	database := span("6", "query", "payment")
	database.Kind, database.Attributes = signal.KindClient, signal.Map{{Key: "server.address", Value: signal.Value{Data: "db.example.com"}}}
	appendAll(t, s, requestOf(tenant, database))
	k := knowledge(t, s, store.KnowledgeQuery{
		Onset:     signal.NanosOf(eventTime.Add(time.Minute)),
		Addresses: []string{"pay.example.com:8004", "pay.example.com", "localhost:8002", "localhost", "balancer", "db.example.com", "nowhere", "pay%"},
	})
	assert.Equal(t, map[string]string{
		"pay.example.com:8004": "payment", "pay.example.com": "payment", "localhost:8002": "inventory",
	}, k.AddressOwners, "what several answer, or none, belongs to nobody")
	assert.Equal(t, []string{"inventory", "payment"}, k.ServicesEver, "owners count as asked for")
	before := knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime.Add(-time.Minute)), Addresses: []string{"localhost:8002"}})
	assert.Empty(t, before.AddressOwners)
}

func callsAreCounted(t *testing.T, s store.Store) {
	for i := range 10 {
		call(t, s, strconv.Itoa(i), "gateway", "payment", "pay.example.com:8004", i < 4)
		call(t, s, fmt.Sprint("other", i), "gateway", "inventory", "stock.example.com", false)
	}
	asked := []incident.CallStats{
		{Caller: "gateway", Callee: "payment", Operation: "call"}, {Caller: "gateway", Callee: "pay.example.com", Operation: "call", Calls: 99},
		{Caller: "gateway", Callee: "payment", Operation: "other"},
	}
	k := knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime.Add(time.Minute)), Calls: asked})
	assert.Equal(t, []incident.CallStats{
		{Caller: "gateway", Callee: "payment", Operation: "call", Calls: 10, Failed: 4, RecentCalls: 10, RecentFailed: 4},
		{Caller: "gateway", Callee: "pay.example.com", Operation: "call", Calls: 10, Failed: 4, RecentCalls: 10, RecentFailed: 4},
	}, k.Calls)
	k = knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime.Add(20 * time.Minute)), Calls: asked[:1]})
	assert.Equal(t, []incident.CallStats{{Caller: "gateway", Callee: "payment", Operation: "call", Calls: 10, Failed: 4}}, k.Calls, "not recent")
	k = knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime.Add(time.Hour)), Calls: asked})
	assert.Empty(t, k.Calls, "outside the window")
}

func refusedCallersAreKnown(t *testing.T, s store.Store) {
	refuse := func(trace, from string, status int64) {
		client, server := span(trace, "call", from), span(trace, "POST /pay", "payment")
		client.Kind, server.ParentSpanID = signal.KindClient, client.SpanID
		server.Attributes = signal.Map{{Key: "http.response.status_code", Value: signal.Value{Data: status}}}
		appendAll(t, s, requestOf(tenant, client, server))
	}
	refuse("1", "gateway", 403)
	refuse("2", "checkout", 401)
	refuse("3", "mobile", 200)
	asked := []incident.CallStats{{Caller: "gateway", Callee: "payment", Operation: "POST /pay"}}
	k := knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime), Refusals: asked})
	assert.Equal(t, map[string][]string{"payment\x00POST /pay": {"checkout"}}, k.RefusedCallers)
	k = knowledge(t, s, store.KnowledgeQuery{Onset: signal.NanosOf(eventTime.Add(time.Hour)), Refusals: asked})
	assert.Empty(t, k.RefusedCallers)
}

// exceptionsAreFoundByMoment: those of failed spans of the service that threw in the moment, wherever the
// span began, and no more than the newest spans of it.
func exceptionsAreFoundByMoment(t *testing.T, s store.Store) {
	throwing := func(trace, service, message string, start, thrown time.Duration, status signal.StatusCode) *signal.Span {
		sp := span(trace, "GET /", service)
		sp.StatusCode = status
		sp.Start, sp.End = signal.NanosOf(eventTime.Add(start)), signal.NanosOf(eventTime.Add(thrown))
		sp.Events = []signal.Event{{Time: sp.End, Name: "exception", Attributes: signal.Map{
			{Key: "exception.type", Value: signal.Value{Data: "ValueError"}}, {Key: "exception.message", Value: signal.Value{Data: message}},
		}}}
		return sp
	}
	appendAll(t, s, requestOf(tenant,
		throwing("a", "ledger", "in time", -5*time.Second, 0, signal.StatusError),
		throwing("b", "ledger", "too early", -5*time.Second, -2*time.Second, signal.StatusError),
		throwing("c", "ledger", "too late", 0, 2*time.Second, signal.StatusError),
		throwing("d", "ledger", "handled", 0, 0, signal.StatusOK),
		throwing("e", "ledger", "began long before", -2*time.Minute, 0, signal.StatusError),
		throwing("f", "other", "of another", 0, 0, signal.StatusError),
	))
	appendAll(t, s, requestOf("other", throwing("g", "ledger", "of another tenant", 0, 0, signal.StatusError)))
	at := func(d time.Duration) signal.Nanos { return signal.NanosOf(eventTime.Add(d)) }
	moment := incident.Moment{Service: "ledger", From: at(-time.Second), To: at(time.Second)}
	k := knowledge(t, s, store.KnowledgeQuery{Moments: []incident.Moment{moment, {Service: "nobody", To: at(0)}, moment}})
	assert.Equal(t, []incident.Thrown{{Service: "ledger", At: at(0), Type: "ValueError", Message: "in time"}}, k.Thrown)

	many := make([]any, record.MostThrowing+10)
	for i := range many {
		many[i] = throwing(fmt.Sprint("many", i), "ledger", strconv.Itoa(i), time.Duration(i)*time.Microsecond, 0, signal.StatusError)
	}
	appendAll(t, s, requestOf(tenant, many...))
	k = knowledge(t, s, store.KnowledgeQuery{Moments: []incident.Moment{moment}})
	assert.Len(t, k.Thrown, record.MostThrowing)
}

// logsAreFoundByMoment: errors without a trace, by their service, their machine, or the key of their failure,
// and no more than the newest of it.
func logsAreFoundByMoment(t *testing.T, s store.Store) {
	logged := func(trace, body, service string, after time.Duration, severity int32) *signal.Log {
		l := logOf(trace, body, service, severity)
		l.Time = signal.NanosOf(eventTime.Add(after))
		return l
	}
	killed := logged("", "Memory cgroup out of memory: Killed process 7 (python)", "ledger", -time.Minute, signal.SeverityError)
	onHost := logged("", "orders.service: Failed with result 'oom-kill'.", "orders", 0, 13)
	onHost.Resource = &signal.Resource{Attributes: signal.Map{{Key: "host.name", Value: signal.Value{Data: "db-host-3"}}}}
	appendAll(t, s, requestOf(tenant,
		logged("", "in time", "ledger", 0, signal.SeverityError),
		logged("", "too early", "ledger", -2*time.Second, signal.SeverityError),
		logged("", "too late", "ledger", 2*time.Second, signal.SeverityError),
		logged("", "healthy", "ledger", 0, 9),
		logged("a", "of a trace", "ledger", 0, signal.SeverityError),
		logged("", "of another", "other", 0, signal.SeverityError),
		killed, onHost,
	))
	appendAll(t, s, requestOf("other", logged("", "of another tenant", "ledger", 0, signal.SeverityError)))
	at := func(d time.Duration) signal.Nanos { return signal.NanosOf(eventTime.Add(d)) }
	found := func(moments ...incident.Moment) (bodies []string) {
		for _, l := range knowledge(t, s, store.KnowledgeQuery{Logged: moments}).Logged {
			bodies = append(bodies, l.Body.Str())
		}
		return bodies
	}
	service := incident.Moment{Service: "ledger", From: at(-time.Second), To: at(time.Second)}
	host := incident.Moment{Host: "db-host-3", From: at(-time.Second), To: at(time.Second)}
	key := incident.Moment{Key: "untraced:ledger", From: at(-2 * time.Minute), To: at(-30 * time.Second)}
	assert.Equal(t, []string{"in time"}, found(service, incident.Moment{Service: "nobody", To: at(0)}, service))
	assert.Equal(t, []string{onHost.Body.Str()}, found(host))
	assert.Equal(t, []string{killed.Body.Str()}, found(key))
	assert.Equal(t, []string{killed.Body.Str(), "in time"}, found(service, key), "in order of time")
	key.From = at(-50 * time.Second)
	assert.Empty(t, found(key, incident.Moment{Key: "untraced:nobody", To: at(0)}))

	many := make([]any, record.MostLogging+10)
	for i := range many {
		many[i] = logged("", fmt.Sprint("many ", i), "ledger", time.Duration(i)*time.Microsecond, signal.SeverityError)
	}
	appendAll(t, s, requestOf(tenant, many...))
	assert.Len(t, found(service), record.MostLogging)
}

func knowledgeOfNothing(t *testing.T, s store.Store) {
	k := knowledge(t, s, store.KnowledgeQuery{Services: []string{"", "x"}, Addresses: []string{"", ":", "x:1", "[::1]:2", "::1"}})
	assert.Equal(t, incident.Knowledge{}, k)
}

// readersSeeWhatWasAcknowledged reads while others write: every acknowledged record is there, and
// nobody fails because somebody else works.
func readersSeeWhatWasAcknowledged(t *testing.T, s store.Store) {
	concurrently(6, func(worker int) {
		for i := range 15 {
			trace := fmt.Sprint(worker, "-", i)
			_, err := s.Append(t.Context(), []store.Batch{requestOf(tenant, failing(trace, "op", "payment"), logOf(trace, "boom", "payment", 9))})
			if err != nil {
				assert.NoError(t, err)
				return
			}
			traces, err := s.Traces(t.Context(), tenant, []string{keyOf(trace)}, 10)
			if assert.NoError(t, err) {
				assert.Len(t, traces[0].Spans, 1)
				assert.Len(t, traces[0].Logs, 1)
			}
			_, err = s.Status(t.Context())
			assert.NoError(t, err)
		}
	})
}
