package redact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSecretsInText has the shapes in which secrets turn up in telemetry; none of secret may stay.
func TestSecretsInText(t *testing.T) {
	for _, tt := range []struct{ text, secret string }{
		{"card 4111 1111 1111 1111 12/26 declined", "4111 1111 1111 1111"},
		{"charge 4111111111111111 123 failed", "4111111111111111"},
		{"order 7 4111 1111 1111 1111 declined", "4111 1111 1111 1111"},
		{"qty=2 4111111111111111", "4111111111111111"},
		{"2024-01-02 4111111111111111 declined", "4111111111111111"},
		{"pan_4111111111111111", "4111111111111111"},
		{"amex 3782 822463 10005 x", "3782 822463 10005"},
		{"amex 378282246310005 x", "378282246310005"},
		{"pan:4111111111111111,cvv:123", "123"},
		{`{"pan":"4111-1111-1111-1111","cvv":"123","pin":"4321","otp":"482913"}`, "4321"},
		{"otp=482913", "482913"},
		{"ALTER USER shop WITH PASSWORD 'hunter2'", "hunter2"},
		{"CREATE USER 'shop'@'%' IDENTIFIED BY 'hunter2'", "hunter2"},
		{"INSERT INTO users (email,password) VALUES ('a@b.co','hunter2')", "hunter2"},
		{"root:hunter2@/orders", "hunter2"},
		{"connect shop:hunter2@db:5432/orders", "hunter2"},
		{"connect shop:hunter2@db.internal:5432/orders", "hunter2"},
		{"dsn=postgres%3A%2F%2Fshop%3Ahunter2%40db%2Forders", "hunter2"},
		{"dial postgres://shop:hunter2sec…", "hunter2"},
		{"dial postgres://shop:hunter2sec", "hunter2"},
		{"password is hunter2", "hunter2"},
		{"password 'hunter2' rejected", "hunter2"},
		{"secret: opensesame", "opensesame"},
		{"client_secret: opensesame", "opensesame"},
		{"X-Api-Key: opensesame", "opensesame"},
		{"api_key opensesame12", "opensesame12"},
		{"access token: abcdefgh", "abcdefgh"},
		{"accesstoken=abcdef", "abcdef"},
		{"PHPSESSID=abcdef123456", "abcdef123456"},
		{"sid=s%3Aabcdef123456", "abcdef123456"},
		{"bindpw=hunter2", "hunter2"},
		{"pw=hunter2", "hunter2"},
		{"Bearer abcdefghijklmnop", "abcdefghijklmnop"},
		{"Bearer abc-def-ghi", "abc-def-ghi"},
		{"AWS wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzAMPLEKE9", "wJalrXUtnFEMI"},
		{"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"},
		{`mail ann\u0040example.com`, "ann"},
		{"payload eyJ1c2VyIjoiYW5uIiwicGFzc3dvcmQiOiJodW50ZXIyIn0=", "eyJ1c2VyIjoiYW5uIi"},
		{"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "MIIEvQIBADANBgkqhkiG9w0"},
		{"u8Vb2zWwQ1mBqU0b3L4Jd9sF5xK7hY6tR2eN1aC8oP3iG0vZ5kD4lM7jX9fH6qT", "u8Vb2zWwQ1mBqU0b3L4"},
		{"dckr_pat_abcdefghijklmnopqrstuvwxyz0", "dckr_pat_abcdefghij"},
		{"key=AIzaSyA1234567890abcdefghijklmnopqrstuvw", "AIzaSyA123"},
		{"xoxb-123456789012-123456789012-abcdefghijkl", "xoxb-123456789012"},
		{"https://example.com/?access_token=abc&x=1", "abc"},
		{"https://example.com/?auth=abc123def&x=1", "abc123def"},
		{"https://example.com/?key=abc123def456&x=1", "abc123def456"},
		{"https://example.com/?code=4/0AbCdEf12345&state=x", "0AbCdEf12345"},
		{"ssh_key=abcd1234efgh", "abcd1234efgh"},
		{"proxy-authorization: Basic abc", "Basic abc"},
		{`"Authorization": ["Bearer abc"]`, "Bearer abc"},
		{"authorization Bearer abcdefgh1", "abcdefgh1"},
		{"headers={Authorization=[Token zzz], Accept=[*/*]}", "zzz"},
		{"Cookie: a=b; session=xyz", "xyz"},
		{"set_cookie=[sid=abc]", "abc"},
		{"redis-cli -a hunter2 ping", "hunter2"},
		{"Server=db;User Id=sa;Password=hunter2;", "hunter2"},
		{"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=abcDEF123456=", "abcDEF123456"},
		{"DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcDEF1234567890abcDEF==", "abcDEF1234567890"},
		{"jdbc:mysql://db/x?user=shop&password=hunter2", "hunter2"},
		{"mongodb+srv://shop:hunter2@cluster0.mongodb.net/x", "hunter2"},
		{"ldap://cn=admin,dc=x:hunter2@host", "hunter2"},
		{"password=\u200bhunter2", "hunter2"},
		{"pass\u200bword=hunter2", "hunter2"},
		{"passphrase: correct horse battery", "horse"},
		{`password="hun\"ter2"`, "ter2"},
		{"Passwort: hunter2", "hunter2"},
		{"private_key: |\n  MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n  abc", "MIIEvQ"},
		// Of services that only gitleaks' rules know.
		{"perplexity pplx-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL", "pplx-abcdef"},
		{"use dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "dt0c01.ABC"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			s := session(t, Config{})
			got := s.Text(tt.text)
			assert.NotContains(t, got, tt.secret)
			assert.Equal(t, tt.text, s.Original(got), "the original comes back")
		})
	}
}

// TestOrdinaryText must stay as it is: what a model cannot read, it cannot reason about.
func TestOrdinaryText(t *testing.T) {
	for _, text := range []string{
		"password authentication failed for user \"shop\"",
		"the password is too short",
		"secret: open /run/secrets/db: permission denied",
		`secrets "db" not found`,
		"unexpected token: foo in JSON at position 12",
		"bearer authentication failed",
		"pin: true",
		"GET /api/v1/orders/4711/items?page=2&sort=key",
		"at com.example.shop.PaymentServiceHttp500RetryHandlerTest.shouldReturnHttp500WhenPaymentServiceIsUnavailable(Payment.java:42)",
		"commit 3f89c29a7bb09a8d1f0bbf54c453cf1731a5db16435d3 deployed",
		"pod shop-7d4b9c6f5-x2k9q on node-07.example.com:8080",
		"image registry.example.com/shop/payment@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"SELECT * FROM sessions WHERE id = $1 AND expires > now()",
		"lock wait timeout exceeded; try restarting transaction (1205)",
		"dial tcp 10.0.0.5:5432: connect: connection refused",
		"code=503 reason=unavailable key=orders:4711",
		"s3://bucket-name/prefix/2024/01/02/part-00000-of-00010.parquet",
		"2024-01-02 03:04:05 1700000000123 order 4711 took 1234 ms",
		"http://shop:8080/checkout answered 502",
		"ssh: handshake failed for host key",
		"tan: 12 of 40 leaves",
	} {
		t.Run(text, func(t *testing.T) {
			assert.Equal(t, text, session(t, Config{}).Text(text))
		})
	}
}

func TestEqualAddressesGetEqualPlaceholders(t *testing.T) {
	s := session(t, Config{})
	assert.Equal(t, "'<email:1>' {<email:1>} |<email:1>& ?<email:1>", s.Text("'ann@x.co' {ann@x.co} |ann@x.co& ?ann@x.co"))
}

func TestSensitiveNames(t *testing.T) {
	for _, key := range []string{
		"accesstoken", "refreshtoken", "idtoken", "csrftoken", "access_tokens", "signature", "sas", "auth", "http.request.header.x-auth",
		"x-shared-key", "license_key", "ssh.key", "client_key", "sid", "connect.sid", "dsn", "db.connection_string", "connectionString",
	} {
		assert.NotContains(t, session(t, Config{}).Attribute(key, "opensesame"), "opensesame", key)
	}
	for _, key := range []string{"gen_ai.usage.output_tokens", "token.type", "secret.name", "db.query.text", "signature.version", "aws.request.id"} {
		assert.Equal(t, "opensesame", session(t, Config{}).Attribute(key, "opensesame"), key)
	}
}
