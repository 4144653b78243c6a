"""Logs -> campaigns: `ingest`, `features`, `evidence`, `campaigns`, in the order data flows."""
