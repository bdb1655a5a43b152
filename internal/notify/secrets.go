package notify

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	// minSecret is the shortest secret that is hidden, in bytes, and minSecretPart the shortest part of one: what is
	// shorter stands in many texts that give nothing away.
	minSecret     = 4
	minSecretPart = 6
)

// secretsOf are the texts that must not be told of a request to an address: secrets, and the parts of them and of the
// address that an answer may repeat alone, such as the token of "Bearer TOKEN".
func secretsOf(address *url.URL, secrets ...string) (hidden []string) {
	whole := append(slices.Clone(secrets), address.RequestURI())
	var parts []string
	for _, s := range secrets {
		parts = append(parts, strings.Fields(s)...)
		parts = append(parts, strings.FieldsFunc(s, separatesFields)...)
	}
	for segment := range strings.SplitSeq(address.EscapedPath(), "/") {
		parts = append(parts, segment)
		if text, err := url.PathUnescape(segment); err == nil {
			parts = append(parts, text)
		}
	}
	for pair := range strings.SplitSeq(address.RawQuery, "&") {
		value := pair // a key may stand there without a name
		if _, named, ok := strings.Cut(pair, "="); ok {
			value = named
		}
		parts = append(parts, value)
		if text, err := url.QueryUnescape(value); err == nil {
			parts = append(parts, text)
		}
	}
	if user := address.User; user != nil {
		password, _ := user.Password()
		whole = append(whole, password)
		parts = append(parts, user.Username(), user.String(), base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	for _, s := range whole {
		if len(s) >= minSecret {
			hidden = append(hidden, s)
		}
	}
	for _, s := range parts {
		if len(s) >= minSecretPart {
			hidden = append(hidden, s)
		}
	}
	return hidden
}

// separatesFields reports whether a character ends a field of a header's value.
func separatesFields(r rune) bool { return strings.ContainsRune(" \t,;:=\"", r) }

// hide takes secrets out of a text, as they are and as an answer may escape them.
func hide(text string, secrets ...string) string {
	var forms []string
	for _, s := range secrets {
		forms = append(forms, escapedForms(s)...)
	}
	// Longer ones first: no part of one stays because another begins as it does.
	slices.SortFunc(forms, func(x, y string) int { return cmp.Or(len(y)-len(x), strings.Compare(x, y)) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, "[REDACTED]")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// percentEscapes are bytes escaped as in addresses.
var percentEscapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// escapedForms are a text as it is, and as it stands in addresses, JSON and HTML.
func escapedForms(text string) []string {
	forms := []string{text, html.EscapeString(text)}
	for _, escaped := range []string{url.PathEscape(text), url.QueryEscape(text)} {
		forms = append(forms, escaped, percentEscapes.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	if quoted, err := json.Marshal(text); err == nil {
		inner := string(quoted[1 : len(quoted)-1])
		forms = append(forms, inner, strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(inner), strings.ReplaceAll(inner, "/", `\/`))
	}
	return forms
}
