package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/querytest"
	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/sitetest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var errDamaged = fmt.Errorf("%w: /data/store.db: page 7 is malformed", store.ErrDamaged)

// damaged is a store of which evidence, traces and counts cannot be read.
type damaged struct{ store.Store }

func (damaged) Condition() store.Condition {
	c := store.ConditionOf(errDamaged)
	c.KeptAside = []string{"/data/store.db.damaged-20261130T120000Z"}
	return c
}

func (damaged) Evidence(context.Context, string, incident.Ref) ([]store.SignalRecord, error) {
	return nil, errDamaged
}

func (damaged) Traces(context.Context, string, []string, int) ([]*incident.Trace, error) {
	return nil, errDamaged
}

func (damaged) Status(context.Context) (store.Status, error) { return store.Status{}, errDamaged }

// TestDamagedStoreShowsWhatIsIntact has pages and API say what the matter is.
func TestDamagedStoreShowsWhatIsIntact(t *testing.T) {
	healthy := sitetest.Serve(t, querytest.Options{})
	site := sitetest.ServeStore(t, damaged{healthy.Store})
	response, body := fetch(t, http.MethodGet, site.URL+"/incidents/"+healthy.Pool)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, "damaged in the store", "evidence that cannot be read is named")
	assert.Contains(t, body, "what is intact is shown")
	assert.Contains(t, body, "page 7 is malformed")
	response, body = fetch(t, http.MethodGet, site.URL+"/traces/"+querytest.PoolTrace.String())
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode, "trying again is no use")
	assert.Contains(t, body, "Other pages may be intact")
	response, body = fetch(t, http.MethodGet, site.URL+"/status")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, body, `<dd id="store-state">damaged</dd>`)
	assert.Contains(t, body, "damaged-20261130T120000Z")

	_, body = fetch(t, http.MethodGet, site.URL+"/query/status")
	var answer struct {
		Store store.Condition `json:"store"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	assert.Equal(t, damaged{}.Condition(), answer.Store)
	response, body = fetch(t, http.MethodGet, site.URL+"/query/traces/"+querytest.PoolTrace.String())
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.Contains(t, body, "damaged")

	_, body = fetch(t, http.MethodGet, healthy.URL+"/")
	assert.NotContains(t, body, "store-problem")
	_, body = fetch(t, http.MethodGet, healthy.URL+"/status")
	assert.Contains(t, body, `<dd id="store-state">ok</dd>`)
}
