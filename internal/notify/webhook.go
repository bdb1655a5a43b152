package notify

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Receiver sends messages to one destination. Its errors are Refused, Unreachable or the context's, and hold no secret.
type Receiver interface {
	Send(ctx context.Context, m Message) error
}

// Webhook sends CloudEvents 1.0 in structured mode, signed as Standard Webhooks describes.
type Webhook struct {
	Client *Client
	URL    string
	// Secrets sign: the current one, and the one before while receivers change over. None for no signature.
	Secrets []string
	Header  http.Header
	// Source is the event's source.
	Source string
	// Now is the clock of signatures; nil for the system's.
	Now func() time.Time
}

// eventTypes prefix the kinds of messages.
const eventTypes = "io.prodsentinel.incident."

// event is a CloudEvent.
type event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            eventData `json:"data"`
}

type eventData struct {
	Incident *Summary  `json:"incident,omitempty"`
	Group    []Summary `json:"group,omitempty"`
	Total    int       `json:"total,omitempty"`
	Link     string    `json:"link,omitempty"`
}

// Send implements Receiver. A receiver that remembers the IDs of events, or the Idempotency-Key, sees each once.
func (w Webhook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(event{
		SpecVersion: "1.0", ID: m.ID, Source: cmp.Or(w.Source, "prodsentinel"), Type: eventTypes + string(m.Kind), Subject: m.Thread,
		Time: m.Time.UTC(), DataContentType: "application/json",
		Data: eventData{Incident: m.Incident, Group: m.Group, Total: m.Total, Link: m.Link},
	})
	if err != nil {
		return Refused{"the message cannot be written: " + err.Error()}
	}
	header := w.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/cloudevents+json; charset=UTF-8")
	header.Set("Idempotency-Key", m.ID)
	w.sign(header, m.ID, body)
	return w.Client.post(ctx, w.URL, header, body, slices.Concat(w.Secrets, headerValues(w.Header))...)
}

// sign sets the headers of Standard Webhooks, with a signature by each secret.
func (w Webhook) sign(header http.Header, id string, body []byte) {
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	stamp := strconv.FormatInt(now().Unix(), 10)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", stamp)
	var signatures []string
	for _, secret := range w.Secrets {
		mac := hmac.New(sha256.New, secretKey(secret))
		_, _ = mac.Write([]byte(id + "." + stamp + "."))
		_, _ = mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if len(signatures) > 0 {
		header.Set("Webhook-Signature", strings.Join(signatures, " "))
	}
}

// secretKey is the key that a secret stands for: base64 after whsec_, or its own bytes.
func secretKey(secret string) []byte {
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(secret)
}

func headerValues(h http.Header) (values []string) {
	for _, v := range h {
		values = append(values, v...)
	}
	return values
}
