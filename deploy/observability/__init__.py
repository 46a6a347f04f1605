"""What Prometheus and Grafana are given: scrape configuration, alert rules, dashboards."""
