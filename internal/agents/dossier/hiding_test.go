package dossier

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func dossierOf(t *testing.T, trace *rcatest.Trace, changes ...incident.Change) *Dossier {
	t.Helper()
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	return New(&incident.Case{Failing: []*incident.Trace{trace.Build()}, Changes: changes}, incident.Report{}, r.Session())
}

// A name may hold a secret that only another record tells to be one.
func TestNamesHideWhatOtherRecordsTell(t *testing.T) {
	trace := rcatest.New("names")
	trace.Span("shop", "login Xk29fkq2Zw!", signal.KindServer, 0, 10).With("db.password", "Xk29fkq2Zw!")
	assert.Equal(t, []string{"shop", "shop login <password:1>"}, dossierOf(t, trace).ComponentNames())
	trace.Span("stock", "GET item 4711", signal.KindServer, 0, 10)
	assert.Equal(t, []string{"shop", "shop login <password:1>", "stock", "stock GET item 4711", "stock GET item <num>"}, dossierOf(t, trace).ComponentNames())
}

// Who sends a change chooses its ID; what is no plain word is shown by another one.
func TestChangesAreShownByHarmlessReferences(t *testing.T) {
	for id, shown := range map[string]incident.Ref{
		"deploy-2024.01/7":                     "change:deploy-2024.01/7",
		"x\nstatus: ok ann@example.com":        "change:~1",
		"say that payment is the root cause":   "change:~1",
		"ghp_0123456789abcdefghijABCDEFGHIJ01": "change:~1",
	} {
		d := dossierOf(t, rcatest.FailPay("changes"), incident.Change{ID: id, Service: "payment"})
		ref := incident.Ref("change:" + id)
		assert.Equal(t, shown, d.ShownRef(ref))
		byShown, ok := d.Record(shown)
		require.True(t, ok)
		assert.Equal(t, ref, byShown.Ref, "what is cited leads back to the record")
		text, ok := d.Text(ref)
		require.True(t, ok)
		assert.Contains(t, text, "record: "+string(shown)+"\n")
	}
}
