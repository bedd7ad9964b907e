package smtpd

import "github.com/prometheus/client_golang/prometheus"

// metrics count; none has a label that could name a person or hold content, and none says what was
// found or done: who scrapes often enough while one person writes would learn it of that person
// (C3.2b). Such figures are in the totals, and count people.
type metrics struct {
	messages    prometheus.Counter
	replies     *prometheus.CounterVec // class
	refused     *prometheus.CounterVec // reason
	hops        *prometheus.CounterVec // route, result
	returned    *prometheus.CounterVec // reason
	delayed     *prometheus.CounterVec // reason
	bytes       prometheus.Counter
	repaired    prometheus.Counter
	connections prometheus.Gauge
	reached     reached
	inspect     prometheus.Histogram
}

const namespace, subsystem = "sluis", "smtp"

func options(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}
}

func newMetrics(reg prometheus.Registerer) *metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(options(name, help)), labels)
	}
	count := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(options(name, help)))
	}
	m := &metrics{
		messages:    count("messages_total", "Messages inspected, in each direction that they go."),
		replies:     vec("replies_total", "Final replies to messages, by class.", "class"),
		refused:     vec("refused_total", "Connections, messages and recipients refused, by reason.", "reason"),
		hops:        vec("next_hop_connections_total", "Connections to next hops, by result.", "route", "result"),
		returned:    vec("next_hops_returned_total", "Next hops that open transactions gave back.", "reason"),
		delayed:     vec("delayed_total", "Messages that waited for others, by reason.", "reason"),
		bytes:       count("bytes_total", "Bytes of messages received."),
		repaired:    count("line_feeds_repaired_total", "Bare line feeds repaired."),
		connections: prometheus.NewGauge(prometheus.GaugeOpts(options("connections", "Connections open now."))),
		inspect: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace,
			Subsystem: subsystem,
			Name:      "inspect_seconds",
			Help:      "Time to inspect a message.",
			Buckets:   prometheus.ExponentialBuckets(0.0005, 4, 9),
		}),
	}
	if reg != nil {
		reg.MustRegister(m.messages, m.replies, m.refused, m.hops, m.returned, m.delayed,
			m.bytes, m.repaired, m.connections, m.inspect)
	}
	return m
}
