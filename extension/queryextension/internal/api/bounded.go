package api

import "net/http"

// Bounded lets so many requests at a time through; the others wait. It is for requests that hold
// a whole trace in memory.
func Bounded(n int, next http.Handler) http.Handler {
	slots := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		case <-r.Context().Done(): // the client is gone
		}
	})
}

// MaxTraces is how many traces are held at a time by each of API and pages.
const MaxTraces = 4
