package semconv

// HTTPStatus returns the status of an HTTP response, 0 where none from 100 to 599 is recorded.
func HTTPStatus[A Attributes](attrs A) int {
	for _, key := range [...]string{keyHTTPStatus, keyHTTPStatusOld} {
		if status, ok := attrs.Int(key); ok && status >= 100 && status <= 599 {
			return int(status)
		}
	}
	return 0
}

// HTTPMethod returns the method of an HTTP request.
func HTTPMethod[A Attributes](attrs A) string {
	return firstStr(attrs, keyHTTPMethod, keyHTTPMethodOld)
}

// HTTPRoute returns the route that a server matched, a template without values.
func HTTPRoute[A Attributes](attrs A) string { return attrs.Str(keyHTTPRoute) }

// URL returns the whole address that a client asks.
func URL[A Attributes](attrs A) string { return firstStr(attrs, keyURL, keyURLOld) }

// IsHTTP reports whether attributes are those of a request over HTTP.
func IsHTTP[A Attributes](attrs A) bool {
	return HTTPStatus(attrs) != 0 || URL(attrs) != "" || HTTPMethod(attrs) != ""
}
