package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func session(t testing.TB, c Config) *Session {
	r, err := New(c)
	require.NoError(t, err)
	return r.Session()
}

func TestText(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	tests := map[string]struct{ text, want string }{
		"nothing":               {"payment answered 502 Bad Gateway in 5.03 s", "payment answered 502 Bad Gateway in 5.03 s"},
		"e-mail":                {"no user ann.lee+x@example.co.uk found", "no user <email:1> found"},
		"e-mail twice":          {"from a@example.com to b@example.com, cc a@example.com", "from <email:1> to <email:2>, cc <email:1>"},
		"e-mail in a URL":       {"GET /u?mail=ann%40example.com", "GET /u?mail=<email:1>"},
		"zero width in e-mail":  {"ann\u200b@exa\u200bmple.com left", "<email:1> left"},
		"URL with user":         {"dial postgres://shop:hunter2@db.internal:5432/orders", "dial postgres://<credentials:1>@db.internal:5432/orders"},
		"password with / and @": {"redis://:p/w@1@cache:6379/0 failed", "redis://<credentials:1>@cache:6379/0 failed"},
		"port and e-mail":       {"GET http://shop:8080/u?x=a@example.com", "GET http://shop:8080/u?x=<email:1>"},
		"MySQL DSN":             {"root:hunter2@tcp(db:3306)/orders", "<credentials:1>@tcp(db:3306)/orders"},
		"keyword DSN":           {"host=db user=shop password=hunter2 dbname=orders", "host=db user=<credentials:1> password=<password:1> dbname=orders"},
		"user alone":            {"failed to connect to `user=shop database=inventory`", "failed to connect to `user=shop database=inventory`"},
		"JSON":                  {`{"user":"ann","password":"hunter 2","n":1}`, `{"user":"ann","password":"<password:1>","n":1}`},
		"escaped JSON":          {`body {\"password\":\"hunter2\",\"n\":1}`, `body {\"password\":\"<password:1>\",\"n\":1}`},
		"short JSON password":   {`{"pwd":"a"}`, `{"pwd":"<password:1>"}`},
		"no password":           {`{"password":null,"token":""}`, `{"password":null,"token":""}`},
		"query string":          {"GET /x?token=abc&sig=d%2Fe&page=2", "GET /x?token=<password:1>&sig=<password:2>&page=2"},
		"header":                {"Authorization: Bearer abcdefgh", "Authorization: <secret:1>"},
		"basic":                 {"sent Basic dXNlcjpwYXNz to it", "sent Basic <secret:1> to it"},
		"basic in prose":        {"basic authentication failed", "basic authentication failed"},
		"cookie":                {"Set-Cookie: sid=abc; Path=/", "Set-Cookie: <secret:1>"},
		"JWT":                   {"token " + jwt + " expired", "token <secret:1> expired"},
		"AWS":                   {"key AKIAIOSFODNN7EXAMPLE used", "key <secret:1> used"},
		"GitHub":                {"ghp_0123456789abcdefghijABCDEFGHIJ012345", "<secret:1>"},
		"Slack webhook":         {"POST https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXX", "POST https://hooks.slack.com/services/<secret:1>"},
		"private key":           {"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nb", "a\n<secret:1>\nb"},
		"cut private key":       {"-----BEGIN PRIVATE KEY-----\nMIIE\nabc", "<secret:1>"},
		"command line":          {"run: app --db-password hunter2 --port 80", "run: app --db-password <password:1> --port 80"},
		"curl":                  {"curl -u ann:hunter2 http://x", "curl -u <credentials:1> http://x"},
		"mysql":                 {"mysql -h db -phunter2 orders", "mysql -h db -p<password:1> orders"},
		"XML":                   {"<password>hunter2</password>", "<password><password:1></password>"},
		"name and value":        {`{"name":"DB_PASSWORD","value":"hunter2"}`, `{"name":"DB_PASSWORD","value":"<password:1>"}`},
		"card":                  {"card 4111 1111 1111 1111 declined", "card <card:1> declined"},
		"no card":               {"order 4111 1111 1111 1112 declined", "order 4111 1111 1111 1112 declined"},
		"nanoseconds":           {"at 1700000000123456789 it ended", "at 1700000000123456789 it ended"},
		"trace ID":              {"trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7"},
		"UUID":                  {"order 6f1e1c5e-5f0b-4a63-8f8e-0d3a1a1a1a1a failed", "order 6f1e1c5e-5f0b-4a63-8f8e-0d3a1a1a1a1a failed"},
		"unexpected token":      {"parse error: unexpected token: foo", "parse error: unexpected token: foo"},
		"token count":           {"used tokens: 1200 of 4000", "used tokens: 1200 of 4000"},
		"IP stays":              {"dial tcp 10.0.0.5:5432: refused", "dial tcp 10.0.0.5:5432: refused"},
		"forged":                {"see <email:1> and <text:secret:2>", "see <text:email:1> and <text:text:secret:2>"},
		"known again":           {"password=Xk29fkq2 … login with Xk29fkq2 failed", "password=<password:1> … login with Xk29fkq2 failed"},
		"not UTF-8":             {"\xff\xfe a@example.com \xff", "\xff\xfe <email:1> \xff"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := session(t, Config{})
			got := s.Text(tt.text)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.text, s.Original(got), "the original comes back")
		})
	}
}

func TestKnownSecretsAreFoundAnywhereLater(t *testing.T) {
	s := session(t, Config{})
	assert.Equal(t, "<password:1>", s.Attribute("db.password", "Xk29fkq2!"))
	assert.Equal(t, "login with <password:1> failed", s.Text("login with Xk29fkq2! failed"))
	assert.Equal(t, map[string]int{"password": 2}, s.Counts())
}

// A later session that has only what Foreign gave, and Mapping, comes to the same texts.
func TestForeignTexts(t *testing.T) {
	const (
		ofCase   = "mail a@example.com"
		source   = `to = "a@example.com"; cc = "b@example.com"; bcc = "c@example.com"; password = "Xk29fkq2!" // <email:9>`
		another  = "log in with Xk29fkq2! as b@example.com"
		afterAll = "c@example.com wrote to d@example.com"
	)
	first := session(t, Config{})
	first.Text(ofCase)
	read := first.Foreign(source, 0, len(source))
	assert.Equal(t, `to = "<email:1>"; cc = "<email:2>"; bcc = "<email:3>"; password = "<password:1>" // <text:email:9>`, read)
	again := first.Foreign(another, 0, len(another))
	end := first.Text(afterAll)
	assert.Equal(t, "<email:3> wrote to <email:4>", end)
	assert.Equal(t, map[string]string{"<email:1>": "a@example.com", "<email:3>": "c@example.com", "<email:4>": "d@example.com"}, first.Mapping(),
		"what only foreign texts have is not kept")
	assert.Equal(t, "a@example.com <email:2> c@example.com", first.Shown("<email:1> <email:2> <email:3>"))

	later := session(t, Config{})
	later.Text(ofCase)
	later.Adopt(read, first.Mapping())
	later.Adopt(again, first.Mapping())
	assert.Equal(t, end, later.Text(afterAll))
	assert.Equal(t, first.Counts(), later.Counts())
	assert.Equal(t, first.Mapping(), later.Mapping())
	assert.Equal(t, first.Shown(read), later.Shown(read))
}

func TestAttribute(t *testing.T) {
	tests := map[string]struct{ key, value, want string }{
		"password":    {"db.password", "x", "<password:1>"},
		"header":      {"http.request.header.authorization", "Bearer x", "<password:1>"},
		"camel case":  {"clientSecret", "abc", "<password:1>"},
		"API key":     {"http.request.header.x-api-key", "abc", "<password:1>"},
		"session":     {"session.id", "abc", "<password:1>"},
		"about it":    {"token.type", "bearer", "bearer"},
		"count":       {"gen_ai.usage.input_tokens", "120", "120"},
		"URL":         {"oauth.token.url", "https://idp/token", "https://idp/token"},
		"flag":        {"password.reset", "true", "true"},
		"route":       {"http.route", "/token", "/token"},
		"plain value": {"order.id", "order 1", "order 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, session(t, Config{}).Attribute(tt.key, tt.value))
		})
	}
}

func TestConfig(t *testing.T) {
	tests := map[string]struct {
		config Config
		want   string
	}{
		"bad name":    {Config{Patterns: []Pattern{{Name: "A B", Pattern: "x"}}}, "patterns[0].name"},
		"taken name":  {Config{Patterns: []Pattern{{Name: "email", Pattern: "x"}}}, "patterns[0].name"},
		"bad pattern": {Config{Patterns: []Pattern{{Name: "ok", Pattern: "x"}, {Name: "a", Pattern: "("}}}, "patterns[1].pattern"},
		"empty match": {Config{Patterns: []Pattern{{Name: "a", Pattern: "x*"}}}, "patterns[0].pattern"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.ErrorContains(t, tt.config.Validate(), tt.want) })
	}
	s := session(t, Config{IPs: true, Patterns: []Pattern{{Name: "customer", Pattern: `customer (\d+)`}}})
	assert.Equal(t, "customer <customer:1> at <ip:1>, not 127.0.0.1", s.Text("customer 4711 at 10.0.0.5, not 127.0.0.1"))
	assert.Equal(t, "customer <customer:1> at 10.0.0.5", s.Shown("customer <customer:1> at <ip:1>"))
	off := session(t, Config{Disabled: true})
	assert.Equal(t, "a@example.com <email:1>", off.Text("a@example.com <email:1>"))
}

func TestKeep(t *testing.T) {
	s := session(t, Config{})
	s.Keep("4BF92F3577B34DA6A3CE929D0E0E4736")
	assert.Equal(t, "token=4bf92f3577b34da6a3ce929d0e0e4736", s.Text("token=4bf92f3577b34da6a3ce929d0e0e4736"))
}

func TestHideUndoesShown(t *testing.T) {
	s := session(t, Config{IPs: true})
	redacted := s.Text("ann@example.com, joann@example.com at 10.0.0.5 with password=a")
	shown := s.Shown(redacted)
	assert.Equal(t, "ann@example.com, joann@example.com at 10.0.0.5 with password=<password:1>", shown)
	assert.Equal(t, redacted, s.Hide(shown))
}

func TestForeignTextIsHiddenByWhatSurroundsIt(t *testing.T) {
	key := "var key = `-----BEGIN PRIVATE KEY-----\nMIIE\nabcd\nefgh\n-----END PRIVATE KEY-----`\nfunc main() {}\n"
	from, to := strings.Index(key, "abcd"), strings.Index(key, "func main() {}")
	assert.Equal(t, "<secret:1>\n\n`\n", session(t, Config{}).Foreign(key, from, to))
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"password=x a@example.com", "<email:1>", "://a:b@c", "\xff\"token\":\"", "-----BEGIN PRIVATE KEY-----", "a\u200b@b.co 4111 1111 1111 1111"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := session(t, Config{IPs: true})
		once := s.Text(text)
		if got := s.Original(once); got != text {
			t.Fatalf("not restored: %q became %q, then %q", text, once, got)
		}
		if got := session(t, Config{IPs: true}).Text(text); got != once {
			t.Fatalf("not deterministic: %q and %q", once, got)
		}
	})
}
