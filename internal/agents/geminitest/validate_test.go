package geminitest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	user      = `{"role":"user","parts":[{"text":"a"}]}`
	calling   = `{"role":"model","parts":[{"functionCall":{"id":"1","name":"f"},"thoughtSignature":"` + signature1 + `"}]}`
	answering = `{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"x"}}}]}`
	tools     = `"tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object","properties":{}}}]}]`
	// signature1 is what sign gives to call 1.
	signature1 = "ZwGDsRFagik="
)

// The server is only worth something if it refuses what the service refuses.
func TestRequestsAreChecked(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"good":                    {`{"contents":[` + user + `]}`, ""},
		"good with calls":         {`{"contents":[` + user + `,` + calling + `,` + answering + `],` + tools + `}`, ""},
		"no JSON":                 {`{`, "not of the protocol"},
		"two values":              {`{"contents":[` + user + `]}{}`, "more than one JSON value"},
		"unknown field":           {`{"contents":[` + user + `],"contentz":1}`, "unknown field"},
		"empty":                   {`{}`, "contents are empty"},
		"model first":             {`{"contents":[{"role":"model","parts":[{"text":"a"}]}]}`, "roles must alternate"},
		"two users":               {`{"contents":[` + user + `,` + user + `]}`, "roles must alternate"},
		"model last":              {`{"contents":[` + user + `,{"role":"model","parts":[{"text":"a"}]}]}`, "the last of contents"},
		"no parts":                {`{"contents":[{"role":"user"}]}`, "has no parts"},
		"empty part":              {`{"contents":[{"role":"user","parts":[{}]}]}`, "0 kinds"},
		"two kinds":               {`{"contents":[{"role":"user","parts":[{"text":"a","functionResponse":{"name":"f","response":{}}}]}]}`, "2 kinds"},
		"unasked response":        {`{"contents":[` + answering + `]}`, "1 function responses for 0 calls"},
		"unanswered call":         {`{"contents":[` + user + `,` + calling + `,` + user + `]}`, "0 function responses for 1 calls"},
		"wrong answer":            {`{"contents":[` + user + `,` + calling + `,` + strings.Replace(answering, `"id":"1"`, `"id":"2"`, 1) + `]}`, "does not answer"},
		"text beside an answer":   {`{"contents":[` + user + `,` + calling + `,` + strings.Replace(answering, `}]}`, `},{"text":"a"}]}`, 1) + `]}`, "nothing but"},
		"lost signature":          {`{"contents":[` + user + `,` + strings.Replace(calling, signature1, "AAAA", 1) + `,` + answering + `]}`, "thought_signature"},
		"a user calls":            {`{"contents":[` + strings.Replace(calling, "model", "user", 1) + `]}`, "a user calls"},
		"a model answers":         {`{"contents":[` + user + `,` + strings.Replace(answering, "user", "model", 1) + `,` + user + `]}`, "a model answers"},
		"bad name":                {`{"contents":[` + user + `],` + strings.Replace(tools, `"f"`, `"1 f"`, 1) + `}`, "invalid or declared twice"},
		"no description":          {`{"contents":[` + user + `],` + strings.Replace(tools, `"d"`, `""`, 1) + `}`, "no description"},
		"schema":                  {`{"contents":[` + user + `],` + strings.Replace(tools, `"properties":{}`, `"properties":{"a":{"pattern":"x"}}`, 1) + `}`, "not supported"},
		"required":                {`{"contents":[` + user + `],` + strings.Replace(tools, `"properties":{}`, `"properties":{},"required":["a"]`, 1) + `}`, "does not describe"},
		"mode":                    {`{"contents":[` + user + `],` + tools + `,"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}`, "mode is"},
		"allowed in auto":         {`{"contents":[` + user + `],` + tools + `,"toolConfig":{"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["f"]}}}`, "in mode AUTO"},
		"allowed, not declared":   {`{"contents":[` + user + `],` + tools + `,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}}`, "not declared"},
		"mode without functions":  {`{"contents":[` + user + `],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}`, "without any function"},
		"temperature":             {`{"contents":[` + user + `],"generationConfig":{"temperature":3}}`, "temperature"},
		"schema without type":     {`{"contents":[` + user + `],"generationConfig":{"responseJsonSchema":{"type":"object"}}}`, "response_mime_type"},
		"schema beside functions": {`{"contents":[` + user + `],` + tools + `,"generationConfig":{"responseMimeType":"application/json"}}`, "unsupported"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New("", func(*Request) Reply { return Text("ok") })
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1beta/models/m:generateContent", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Goog-Api-Key", "k")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if tt.want == "" {
				require.Equal(t, http.StatusOK, w.Code, w.Body.String())
				assert.Empty(t, s.Violations())
				return
			}
			assert.Equal(t, http.StatusBadRequest, w.Code)
			require.Len(t, s.Violations(), 1)
			assert.Contains(t, s.Violations()[0], tt.want)
		})
	}
}

func TestCallersAreChecked(t *testing.T) {
	tests := map[string]struct {
		method, target string
		header         http.Header
		status         int
	}{
		"key":            {http.MethodPost, "/v1beta/models/m:generateContent", http.Header{"X-Goog-Api-Key": {"k"}}, 200},
		"wrong key":      {http.MethodPost, "/v1beta/models/m:generateContent", http.Header{"X-Goog-Api-Key": {"z"}}, 401},
		"no key":         {http.MethodPost, "/v1beta/models/m:generateContent", nil, 401},
		"key in the URL": {http.MethodPost, "/v1beta/models/m:generateContent?key=k", http.Header{"X-Goog-Api-Key": {"k"}}, 400},
		"vertex":         {http.MethodPost, "/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", http.Header{"Authorization": {"Bearer " + Token}}, 200},
		"wrong token":    {http.MethodPost, "/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", http.Header{"Authorization": {"Bearer x"}}, 401},
		"method":         {http.MethodGet, "/v1beta/models/m:generateContent", http.Header{"X-Goog-Api-Key": {"k"}}, 405},
		"streaming":      {http.MethodPost, "/v1beta/models/m:streamGenerateContent", http.Header{"X-Goog-Api-Key": {"k"}}, 404},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New("k", func(*Request) Reply { return Text("ok") })
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, strings.NewReader(`{"contents":[`+user+`]}`))
			r.Header = tt.header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			assert.Equal(t, tt.status, w.Code, w.Body.String())
		})
	}
}
