"""Pretraining and fine-tuning without a framework: masking, batches, schedules, scores, text."""
