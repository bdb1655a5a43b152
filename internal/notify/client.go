package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/escape"
)

const (
	// sendTimeout bounds one request.
	sendTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 16 << 10
	// longestRetryAfter bounds how long a receiver may ask to be left alone.
	longestRetryAfter = time.Hour
)

// Refused is an error of a receiver that takes requests and refuses this one: the same would be refused again.
type Refused struct{ Reason string }

func (e Refused) Error() string { return e.Reason }

// Unreachable is an error of a receiver that takes nothing now.
type Unreachable struct {
	Reason string
	// RetryAfter is how long it asks to be left alone; 0 where it does not say.
	RetryAfter time.Duration
}

func (e Unreachable) Error() string { return e.Reason }

// Client posts to receivers. It follows no redirect and uses no proxy but the one it is given: where messages go is what
// the configuration says.
type Client struct {
	http *http.Client
	now  func() time.Time
}

// NewClient makes a client with TLS settings, nil for the system's, and a proxy, nil for none.
func NewClient(tlsConfig *tls.Config, proxy *url.URL) *Client {
	transport := &http.Transport{
		TLSClientConfig: tlsConfig, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: sendTimeout, ResponseHeaderTimeout: sendTimeout, MaxResponseHeaderBytes: maxAnswer,
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	return &Client{
		http: &http.Client{
			Transport: transport, Timeout: sendTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: time.Now,
	}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// post sends a body. Its errors are Refused, Unreachable or, once ctx has ended, ctx's. They name none of the secrets, to
// which the address belongs.
func (c *Client) post(ctx context.Context, address string, header http.Header, body []byte, secrets ...string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Refused{"its address cannot be used"}
	}
	for name, values := range header {
		request.Header[name] = values
	}
	secrets = secretsOf(request.URL, append(secrets, address)...)
	request.Header.Set("User-Agent", "prodsentinel")
	answer, err := c.http.Do(request)
	if ctx.Err() != nil && err != nil { // the process stops, which says nothing of the receiver
		return ctx.Err()
	}
	if err != nil {
		return Unreachable{Reason: hide(reason(err), secrets...)}
	}
	defer func() { _ = answer.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return c.judge(answer, hide(string(said), secrets...))
}

// judge is nil if the receiver has taken the request.
func (c *Client) judge(answer *http.Response, said string) error {
	status := answer.StatusCode
	text := fmt.Sprintf("it answers %d %s", status, http.StatusText(status))
	if said = strings.TrimSpace(escape.Line(said)); said != "" && !aboutCredentials(status) {
		text += ": " + shorten(said, 200)
	}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return Refused{fmt.Sprintf("it answers %d %s: redirects are not followed; configure the address it leads to", status, http.StatusText(status))}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return Unreachable{Reason: text, RetryAfter: c.retryAfter(answer.Header.Get("Retry-After"))}
	}
	return Refused{text}
}

// retryAfter reads the header of this name: seconds or a date.
func (c *Client) retryAfter(header string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(c.now())
	}
	return min(max(0, wait), longestRetryAfter)
}

// reason is an error without the address that net/http puts before it.
func reason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		if wrapped.Timeout() {
			return fmt.Sprintf("it did not answer within %s", sendTimeout)
		}
		err = wrapped.Err
	}
	return err.Error()
}

// aboutCredentials reports whether an answer is about what the request was signed in with, which it may repeat in a
// form that cannot be foreseen.
func aboutCredentials(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired
}
