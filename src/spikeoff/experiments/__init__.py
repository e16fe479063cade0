"""Many runs: races and campaigns, searches, benchmarks, exports."""
