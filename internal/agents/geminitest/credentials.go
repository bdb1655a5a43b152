package geminitest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
)

// Token is the bearer token that TokenHandler issues and Server expects under Vertex paths.
const Token = "scripted-token"

// TokenHandler issues Token, as Google's OAuth endpoint would.
func TokenHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, []byte(`{"access_token":"`+Token+`","token_type":"Bearer","expires_in":3600}`))
	})
}

// ServiceAccount is a credentials file with a fresh key whose tokens come from tokenURL: what
// GOOGLE_APPLICATION_CREDENTIALS may point to.
func ServiceAccount(tokenURL string) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	return json.Marshal(map[string]string{
		"type":           "service_account",
		"project_id":     "scripted",
		"private_key_id": "1",
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   "scripted@scripted.iam.gserviceaccount.com",
		"client_id":      "1",
		"token_uri":      tokenURL,
	})
}
