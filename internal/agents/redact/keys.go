package redact

import (
	"slices"
	"strings"
	"unicode"
)

// isSensitiveKey reports whether an attribute's name says that its value is a secret.
func isSensitiveKey(key string) bool {
	words := wordsOf(key)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	for i, w := range words {
		switch {
		case sensitiveWords[w], strings.HasSuffix(w, "token"), w == "tokens" && i > 0 && tokenOwners[words[i-1]]:
			return !describing[last]
		case i > 0 && w == "key" && keyOwners[words[i-1]], i > 0 && w == "id" && words[i-1] == "session",
			i > 0 && w == "string" && words[i-1] == "connection", w == "auth" && i == len(words)-1:
			return true
		}
	}
	joined := strings.Join(words, "")
	return slices.ContainsFunc(joinedNames, func(s string) bool { return strings.Contains(joined, s) }) && !describing[last]
}

var sensitiveWords = map[string]bool{
	"password": true, "passwd": true, "passphrase": true, "pwd": true, "pass": true, "secret": true, "secrets": true, "token": true,
	"credential": true, "credentials": true, "authorization": true, "cookie": true, "cookies": true, "apikey": true, "jwt": true,
	"bearer": true, "passcode": true, "otp": true, "pin": true, "cvv": true, "cvc": true, "ssn": true,
	"signature": true, "sas": true, "sid": true, "dsn": true, "connectionstring": true,
}

// tokenOwners tell tokens that open something from those that models count.
var tokenOwners = map[string]bool{"access": true, "refresh": true, "auth": true, "api": true, "session": true, "csrf": true, "bearer": true}

var joinedNames = []string{"password", "passwd", "passphrase", "apikey", "accesskey", "secretkey", "privatekey", "authorization", "authtoken"}

var keyOwners = map[string]bool{
	"api": true, "access": true, "private": true, "account": true, "secret": true, "encryption": true, "signing": true, "master": true, "auth": true,
	"shared": true, "license": true, "ssh": true, "client": true, "storage": true, "subscription": true, "deploy": true, "hmac": true,
}

// describing are last words of names whose value is about a secret and not one.
var describing = map[string]bool{
	"type": true, "count": true, "length": true, "size": true, "expires": true, "expiry": true, "expiration": true, "ttl": true,
	"age": true, "url": true, "uri": true, "endpoint": true, "policy": true, "status": true, "valid": true, "present": true,
	"enabled": true, "name": true, "namespace": true, "limit": true, "usage": true, "total": true, "version": true, "attempts": true,
}

// wordsOf splits a name at punctuation and where its case changes, in lower case.
func wordsOf(key string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	lower := false
	for _, c := range key {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			flush()
			lower = false
			continue
		case unicode.IsUpper(c) && lower:
			flush()
		}
		word = append(word, c)
		lower = !unicode.IsUpper(c)
	}
	flush()
	return words
}
