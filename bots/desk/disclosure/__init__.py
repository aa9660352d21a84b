"""What is handed out of the record: which papers, what is masked, and the package (TF 2:15-19, row B11).

`papers` lists the papers of a case, `review` judges them, `masking` cuts the texts, `pdf` draws them
with `pen`, `package` puts them in one file, and `disclosing` is what a registrator does with all this.
"""
