package links_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/links"
)

func TestTo(t *testing.T) {
	configured := []links.Config{
		{Name: "Jaeger", URL: "https://jaeger.example/trace/{trace_id}"},
		{Name: "Grafana", URL: "https://grafana.example/d/x?var-service={service}&from={from}&to={to}"},
		{Name: "Wiki", URL: "https://wiki.example"},
	}
	at := time.UnixMilli(1_700_000_000_000)
	whole := links.Subject{IncidentID: "i", Service: "a&b c", TraceID: "t", From: at, To: at}
	assert.Equal(t, []links.Link{
		{Name: "Jaeger", URL: "https://jaeger.example/trace/t"},
		{Name: "Grafana", URL: "https://grafana.example/d/x?var-service=a%26b+c&from=1699999400000&to=1700000600000"},
		{Name: "Wiki", URL: "https://wiki.example"},
	}, links.To(whole, configured))
	assert.Equal(t, []links.Link{{Name: "Wiki", URL: "https://wiki.example"}}, links.To(links.Subject{}, configured))
	sneaky := links.Subject{TraceID: "x{service}", Service: "s"}
	assert.NotContains(t, links.To(sneaky, configured)[0].URL, "{", "what is filled in is no template")
}

func TestValidate(t *testing.T) {
	for link, want := range map[links.Config]string{
		{Name: "x", URL: "https://x/{trace_id}?from={from}"}: "",
		{URL: "https://x"}:                      "name: must be set",
		{Name: "x"}:                             "url: must be an address",
		{Name: "x", URL: "javascript:alert(1)"}: "url: must be an address",
		{Name: "x", URL: "https://x/{span}"}:    "url: {span} is not known",
		{Name: "x", URL: "{service}://x"}:       "url: must be an address",
	} {
		err := link.Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}
