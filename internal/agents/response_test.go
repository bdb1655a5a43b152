package agents

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genai"

	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
)

// Whatever a model answers, it is an answer, a correction or a fault, and never a claim that holds
// without evidence.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"candidates":[{"content":{"role":"model","parts":[{"text":"{\"claims\":[],\"commentary\":\"\"}"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7}}`))
	f.Add([]byte(`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"conclude","args":{"claims":[{"id":"a","predicate":"errored","subject":"payment","evidence":[""]}]}}}]}}]}`))
	f.Add([]byte(`{"candidates":[{"finishReason":"SAFETY"}],"promptFeedback":{"blockReason":"OTHER"}}`))
	f.Add([]byte(`{"candidates":[null]}`))
	f.Add([]byte(`{"candidates":[{"content":{"parts":[null,{"inlineData":{"data":"AA=="}}]}}],"usageMetadata":{"promptTokenCount":-1}}`))
	in := Input{Case: &incident.Case{Failing: []*incident.Trace{rcatest.FailPay("f").Build()}}, CaseDigest: "d"}
	redactor, err := redact.New(redact.Config{})
	require.NoError(f, err)
	watch, err := newTelemetry(testConfig(""), nil, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		var got genai.GenerateContentResponse
		if json.Unmarshal(body, &got) != nil {
			return
		}
		resp, err := responseOf(&got)
		if err != nil {
			return
		}
		r := newRun(Settings{}, ProviderGemini, redactor, nil, watch, in)
		k := r.begin(agentInvestigator, "", "", "")
		k.record.Turns = []Turn{{}}
		k.keepAnswer(resp.Message)
		_, _ = r.react(t.Context(), k, resp.Message)
		if r.take(agentSummarizer, []byte(resp.Message.text())) == nil {
			var out incident.Agents
			r.judge(&out)
			for _, c := range out.Claims {
				assert.NotEmpty(t, c.Evidence)
			}
		}
	})
}
