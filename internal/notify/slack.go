package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Slack sends to an incoming webhook, which knows neither keys nor threads: after a crash a message may come twice, and
// what follows comes as a message of its own.
type Slack struct {
	Client *Client
	URL    string
}

// maxSlackText is what one block holds.
const maxSlackText = 2900

type slackMessage struct {
	Text        string       `json:"text"`
	Markdown    bool         `json:"mrkdwn"`
	UnfurlLinks bool         `json:"unfurl_links"`
	UnfurlMedia bool         `json:"unfurl_media"`
	Blocks      []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`    // of plain_text
	Verbatim *bool  `json:"verbatim,omitempty"` // of mrkdwn
}

// Send implements Receiver. Texts are plain; only links of the configuration are links.
func (s Slack) Send(ctx context.Context, m Message) error {
	var text strings.Builder
	for _, l := range m.lines() {
		if l.heading != "" {
			text.WriteString(l.heading + ": ")
		}
		text.WriteString(l.text + "\n")
	}
	off := false
	plain := func(text string) slackBlock {
		return slackBlock{Type: "section", Text: slackText{Type: "plain_text", Text: shorten(text, maxSlackText), Emoji: &off}}
	}
	message := slackMessage{Text: slackEscape(m.headline()), Blocks: []slackBlock{plain(m.headline())}}
	if said := strings.TrimSpace(text.String()); said != "" {
		message.Blocks = append(message.Blocks, plain(said))
	}
	if links := m.slackLinks(); links != "" {
		on := true
		message.Blocks = append(message.Blocks, slackBlock{Type: "section", Text: slackText{Type: "mrkdwn", Text: shorten(links, maxSlackText), Verbatim: &on}})
	}
	body, err := json.Marshal(message)
	if err != nil {
		return Refused{"the message cannot be written: " + err.Error()}
	}
	return s.Client.post(ctx, s.URL, http.Header{"Content-Type": {"application/json"}}, body)
}

func (m Message) slackLinks() string {
	var links []string
	if m.Link != "" {
		links = append(links, "<"+slackEscape(m.Link)+"|Open in ProdSentinel>")
	}
	if m.Incident != nil {
		for _, l := range m.Incident.Links {
			links = append(links, "<"+slackEscape(l.URL)+"|"+slackEscape(l.Name)+">")
		}
	}
	return strings.Join(links, "  ·  ")
}

// slackEscape escapes what Slack reads as control characters.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "%7C").Replace(s)
}
