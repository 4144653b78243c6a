"""What defences are worth: one distillation against each, with more budget and more cunning."""
