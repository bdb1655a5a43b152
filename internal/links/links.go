// Package links fills in addresses of other tools (Grafana, Jaeger, Tempo) by templates of the configuration. It is a
// leaf: who shows a link brings what belongs into it.
package links

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is a link: a name to show, and an address with places.
type Config struct {
	Name string `mapstructure:"name"`
	// URL may hold the places {incident_id}, {service}, {trace_id}, {from} and {to} (Unix milliseconds).
	URL string `mapstructure:"url"`

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	places = []string{"{incident_id}", "{service}", "{trace_id}", "{from}", "{to}"}
	place  = regexp.MustCompile(`\{[^}]*\}`)
)

// Validate tells what is wrong with the link.
func (c Config) Validate() error {
	if c.Name == "" {
		return errors.New("name: must be set")
	}
	for _, p := range place.FindAllString(c.URL, -1) {
		if !slices.Contains(places, p) {
			return fmt.Errorf("url: %s is not known; there are %s", p, strings.Join(places, ", "))
		}
	}
	u, err := url.Parse(place.ReplaceAllString(c.URL, "x"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("url: must be an address that begins with https:// or http://")
	}
	return nil
}

// Link leads elsewhere.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Subject is what links lead to; what is not known is left zero.
type Subject struct {
	IncidentID, Service, TraceID string
	// From and To are event time.
	From, To time.Time
}

// Around is how much time a link shows before and after its subject.
const Around = 10 * time.Minute

// To fills the links in. One with a place for which there is nothing is left out.
func To(s Subject, configured []Config) (list []Link) {
	values := map[string]string{"{incident_id}": s.IncidentID, "{service}": s.Service, "{trace_id}": s.TraceID}
	if !s.From.IsZero() {
		values["{from}"] = strconv.FormatInt(s.From.Add(-Around).UnixMilli(), 10)
	}
	if !s.To.IsZero() {
		values["{to}"] = strconv.FormatInt(s.To.Add(Around).UnixMilli(), 10)
	}
next:
	for _, c := range configured {
		link := c.URL
		for _, p := range places {
			if strings.Contains(link, p) && values[p] == "" {
				continue next
			}
			link = strings.ReplaceAll(link, p, url.QueryEscape(values[p]))
		}
		list = append(list, Link{Name: c.Name, URL: link})
	}
	return list
}
