package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/api"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// afterRetention is a store whose signals are gone while its cases live.
type afterRetention struct {
	api.Reader
	kept incident.Case
}

func (s afterRetention) Evidence(context.Context, string, incident.Ref) ([]store.SignalRecord, error) {
	return nil, store.ErrNotFound
}

func (s afterRetention) Case(context.Context, string, string) ([]byte, error) {
	return json.Marshal(s.kept)
}

func serveReader(t *testing.T, reader api.Reader) string {
	t.Helper()
	server := httptest.NewServer(api.New(reader, nil, api.NewEvents(1, 0), api.Info{}, zap.NewNop()).Handler())
	t.Cleanup(server.Close)
	return server.URL
}

func TestEvidenceOutlivesRetention(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	b := querytest.PoolSignals(querytest.PoolTrace, querytest.Onset)
	base := serveReader(t, afterRetention{Reader: site.Store, kept: incident.Case{
		Failing: []*incident.Trace{{Key: querytest.PoolTrace.String(), ID: querytest.PoolTrace, Spans: b.Spans, Logs: b.Logs}},
		Changes: []incident.Change{{ID: "deploy 7", Kind: "deploy"}},
	}})
	for _, ref := range append(site.Evidence, "change:deploy%207") {
		get(t, base+"/query/evidence/"+string(ref)).problem(t, http.StatusNotFound)
		found := get(t, base+"/query/evidence/"+string(ref)+"?incident="+site.Pool).object(t)
		assert.Equal(t, "case", found["source"], "%s", ref)
	}
	get(t, base+"/query/evidence/log:"+site.Pool+"?incident="+site.Pool).problem(t, http.StatusNotFound)
	within := base + "/query/evidence/" + string(site.Evidence[0]) + "?incident=" + site.Pool
	assert.Equal(t, "case", get(t, within+"&revision=1").object(t)["source"])
	get(t, within+"&revision=99").problem(t, http.StatusNotFound)
	get(t, within+"&revision=x").problem(t, http.StatusBadRequest)
}

// merged is a store in which one incident was merged into another.
type merged struct {
	api.Reader
	from, into string
}

func (s merged) Incident(ctx context.Context, tenant, id string) (incident.Incident, error) {
	if id == s.from {
		return incident.Incident{ID: s.from, MergedInto: s.into}, nil
	}
	return s.Reader.Incident(ctx, tenant, id)
}

func TestMergedIncidentRedirects(t *testing.T) {
	site := sitetest.Serve(t, querytest.Options{})
	const old = "0123456789abcdef0123456789abcdef"
	base := serveReader(t, merged{Reader: site.Store, from: old, into: site.Pool})
	for path, want := range map[string]string{
		"":                     "",
		"/analysis?revision=1": "/analysis?revision=1",
		"/failures":            "/failures",
		"/revisions":           "/revisions",
		"/bundle":              "/bundle",
	} {
		a := get(t, base+"/query/incidents/"+old+path)
		assert.Equal(t, http.StatusPermanentRedirect, a.status)
		assert.Equal(t, "/query/incidents/"+site.Pool+want, a.header.Get("Location"))
	}
	require.Equal(t, http.StatusOK, get(t, base+"/query/incidents/"+site.Pool).status)
}
